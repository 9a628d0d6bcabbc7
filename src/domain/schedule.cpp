#include "troupe/domain/schedule.hpp"

#include <algorithm>

namespace troupe {
namespace {

class Utc final : public TimeZone {
 public:
  Millis offset_at(Timestamp) const override { return Millis(0); }
  std::optional<Timestamp> next_change(Timestamp) const override { return {}; }
};

std::string_view object_text(const Document& document) { return document.present() ? document.view() : "{}"; }

}  // namespace

TimeZonePtr utc() {
  static const TimeZonePtr zone = std::make_shared<const Utc>();
  return zone;
}

Result<TimeZonePtr> find_utc(std::string_view name) {
  if (name == "UTC") return utc();
  return {ErrorCode::validation_failed, "is not known; the only time zone here is UTC"};
}

std::string_view missed_runs_text(MissedRuns policy) {
  switch (policy) {
    case MissedRuns::skip: return "skip";
    case MissedRuns::once: return "once";
    case MissedRuns::all: return "all";
  }
  return "";
}

std::optional<MissedRuns> missed_runs_from_text(std::string_view text) {
  for (MissedRuns policy : {MissedRuns::skip, MissedRuns::once, MissedRuns::all})
    if (missed_runs_text(policy) == text) return policy;
  return {};
}

bool same_content(const Schedule& a, const Schedule& b) {
  return a.client_id == b.client_id && a.workflow_key == b.workflow_key && a.workflow_version == b.workflow_version &&
         a.cron == b.cron && a.time_zone == b.time_zone && object_text(a.inputs) == object_text(b.inputs) &&
         object_text(a.metadata) == object_text(b.metadata) && a.callback_url == b.callback_url &&
         a.priority == b.priority && a.timeout == b.timeout && a.missed_runs == b.missed_runs;
}

ScheduleStep next_step(const Schedule& schedule, const CronExpression& cron, const TimeZone& zone,
                       const ScheduleLook& look) {
  using Kind = ScheduleStep::Kind;
  const Timestamp first = schedule.next_at;
  const auto next = [&](Timestamp after) { return next_after(cron, zone, after).value_or(kNever); };
  if (first == kNever || first > look.now) return {Kind::wait, kNever, kNever, first};

  const Timestamp unseen = look.seen < first ? first : next(look.seen);
  const bool missed = unseen != kNever && unseen <= look.now && (look.first || look.now - unseen > kMissedAfter);
  if (missed && schedule.missed_runs == MissedRuns::skip) {
    const auto last = last_times(cron, zone, first, look.now, 1);
    return {Kind::skip, first, last.empty() ? first : last.back(), next(look.now), true};
  }

  // One more than is wanted tells what is dropped.
  const std::size_t wanted = schedule.missed_runs == MissedRuns::all ? kMissedRuns : 1;
  std::vector<Timestamp> due = last_times(cron, zone, first, look.now, wanted + 1);
  // It was promised, even if the zone's rules have changed since.
  if (due.size() <= wanted && (due.empty() || due.front() != first)) due.insert(due.begin(), first);
  if (due.size() > wanted) {
    const Timestamp kept = due[due.size() - wanted];
    return {Kind::skip, first, due[due.size() - wanted - 1], kept};
  }
  return {Kind::fire, due.front(), kNever, next(due.front())};
}

}  // namespace troupe
