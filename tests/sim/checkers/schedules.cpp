// A schedule begins one job for each of its times, in order, never early, and together with the row that says so:
// whoever dies in between, no time has two jobs. One that makes up for all it missed leaves out none but those whose
// job was refused.
#include <map>

#include "codec/schedule_codec.hpp"
#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

constexpr Millis kPeriod{60'000};  // of all that the simulator makes

class Schedules final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "schedules"; }

  void stored(const StoredChange& change) override {
    bool has_row = false;
    for (const SettingRow& row : change.change.settings) {
      if (row.kind != "schedule") continue;
      has_row = true;
      if (row.document.present())
        set(change, *decode_schedule(row.id, row.document));
      else
        schedules_.erase(row.id);
    }
    if (change.change.insert && !change.records.empty())
      expect(has_row || !change.records.front().at("actor").get<std::string>().starts_with("schedule "),
             "a schedule's job comes with the row of its schedule", to_string(change.id));
  }

 private:
  void set(const StoredChange& change, const Schedule& after) {
    const auto known = schedules_.find(after.id);
    if (change.change.insert) {
      expect(known != schedules_.end(), "only a schedule that is there begins a job", after.id);
      fired(change, known->second, after);
    } else if (known != schedules_.end()) {
      not_fired(known->second, after);
    }
    schedules_[after.id] = after;
  }

  void fired(const StoredChange& change, const Schedule& before, const Schedule& after) {
    const std::string what = after.id + " for " + format_rfc3339(after.last_at);
    expect(before.enabled, "a schedule that is disabled begins no job", what);
    expect(after.last_job == change.id, "a schedule names the job that it began", what);
    expect(after.last_at == before.next_at, "a schedule begins the job that was next", what);
    expect(after.last_at > before.last_at, "a schedule begins one job for a time", what);
    expect(after.last_at <= change.life->clock_latest, "a schedule begins no job early", what);
    expect(after.next_at == after.last_at + kPeriod, "the next time is the one after it", what);
    world_.saw("schedule began a job");
  }

  static void not_fired(const Schedule& before, const Schedule& after) {
    expect(after.last_at == before.last_at, "only a job counts as begun", after.id);
    if (before.missed_runs != MissedRuns::all || after.next_at == before.next_at) return;
    if (!before.enabled || !after.enabled) return;
    const bool was_refused = after.last_fault && after.last_fault->at == before.next_at;
    expect(was_refused && after.next_at == before.next_at + kPeriod, "what makes up for all leaves out none",
           after.id + " at " + format_rfc3339(before.next_at));
  }

  std::map<std::string, Schedule> schedules_;  ///< as they are durable
};

}  // namespace

std::unique_ptr<Checker> make_schedules(World& world) { return std::make_unique<Schedules>(world); }

}  // namespace troupe::sim
