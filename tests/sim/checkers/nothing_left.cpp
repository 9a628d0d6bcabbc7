// When everything has ended, the node holds nothing of it: no slot, task, timer, actor, waiting change, watcher.
#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

constexpr std::size_t kStandingTimers = 1;  // the next scan for parked jobs

class NothingLeft final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "nothing left"; }

  void at_end(const Census& census) override {
    const auto none = [](std::size_t count, const char* rule) { expect(count == 0, rule, std::to_string(count)); };
    none(census.at_executors, "no task is left at an executor");
    none(census.slots_busy, "no slot is taken");
    none(census.assigned, "no task is assigned");
    none(census.queued, "no task waits");
    none(census.at_workers, "no task is left at a worker");
    none(census.actors, "no actor is left over");
    none(census.jobs_live, "no job is held");
    none(census.jobs_loading, "no job is being loaded");
    none(census.runs_held, "no run is held");
    none(census.runs_under_way, "no run has a place among those that may be under way");
    none(census.runs_live, "no run is counted as live");
    none(census.changes_waiting, "no change waits");
    none(census.outcomes_in_flight ? 1 : 0, "no outcome is on its way");
    none(census.watched, "nobody watches");
    none(census.on_board, "no run is on the live board");
    none(census.timers - kStandingTimers, "no timer is left");
  }
};

}  // namespace

std::unique_ptr<Checker> make_nothing_left(World& world) { return std::make_unique<NothingLeft>(world); }

}  // namespace troupe::sim
