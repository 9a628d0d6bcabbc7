#include "actors/schedule/schedule_requests.hpp"

#include "actors/schedule/schedule_records.hpp"

namespace troupe::schedules {
namespace {

constexpr std::size_t kWaiting = 32;  // requests about one schedule

Error no_schedule(const std::string& id) { return {ErrorCode::not_found, "there is no schedule " + id, false, {}}; }

bool may_see(const Caller& caller, const Schedule& schedule) {
  return !caller.client_id || *caller.client_id == schedule.client_id;
}

ScheduleView view_of(const Entry& entry, const Schedule& schedule) {
  ScheduleView view{schedule, {}};
  if (!schedule.enabled || !entry.zone || schedule.next_at == kNever) return view;
  view.next_times.push_back(schedule.next_at);
  while (view.next_times.size() < kScheduleTimesShown) {
    const auto next = next_after(entry.cron, *entry.zone, view.next_times.back());
    if (!next) break;
    view.next_times.push_back(*next);
  }
  return view;
}

/// When it is due next, from now on.
Timestamp next_from_now(Self self, const Schedule& schedule, const CronExpression& cron, const TimeZone& zone) {
  if (!schedule.enabled) return kNever;
  return next_after(cron, zone, self->state.node->clock.now()).value_or(kNever);
}

void put(Self self, const std::string& id, const PutScheduleRequestPtr& request) {
  ScheduleState& state = self->state;
  Entry* entry = find(self, id);
  const Schedule* before = entry && entry->schedule ? &*entry->schedule : nullptr;
  Schedule after = request->command.wanted;
  after.id = id;
  if (before) {
    if (!may_see(request->caller, *before))
      return request->reply(Error{ErrorCode::conflict, "the id " + id + " is taken", false, {}});
    after.enabled = request->command.enabled.value_or(before->enabled);
    if (same_content(*before, after) && after.enabled == before->enabled)
      return request->reply(ScheduleChange{view_of(*entry, *before), false, {}});
    if (!request->command.replace)
      return request->reply(Error{ErrorCode::conflict,
                                  "there is a schedule " + id + " with other content; PUT replaces it",
                                  false,
                                  {{"/id", "names another schedule already"}}});
    after.created_at = before->created_at;
    after.created_by = before->created_by;
    after.last_at = before->last_at;
    after.last_job = before->last_job;
    after.last_fault = before->last_fault;
  } else {
    if (state.entries.size() >= limits::kSchedules)
      return request->reply(Error{ErrorCode::conflict,
                                  "there are " + std::to_string(limits::kSchedules) + " schedules, as many as may be",
                                  false,
                                  {}});
    after.enabled = request->command.enabled.value_or(true);
    after.created_at = state.node->clock.now();
    after.created_by = request->caller.name;
  }
  after.updated_at = state.node->clock.now();

  const auto cron = parse_cron(after.cron);
  const auto zone = state.ports.time_zone(after.time_zone);
  if (!cron)
    return request->reply(Error{cron.error().code, cron.error().message, false, {{"/cron", cron.error().message}}});
  if (!zone)
    return request->reply(
        Error{zone.error().code, zone.error().message, false, {{"/time_zone", zone.error().message}}});
  // What it missed already, or is due for now, is not forgotten because its inputs change.
  const bool same_times = before && entry->zone && before->enabled && after.enabled && before->cron == after.cron &&
                          before->time_zone == after.time_zone;
  after.next_at = same_times ? before->next_at : next_from_now(self, after, *cron, **zone);

  ScheduleChange change;
  change.created = before == nullptr;
  Entry shown;
  shown.cron = *cron;
  shown.zone = *zone;
  change.view = view_of(shown, after);
  std::optional<IdempotencyRow> kept;
  if (request->idempotency) kept = request->idempotency(change);
  RecordDraft record = before ? schedule_changed(after) : schedule_created(after);
  UnderWay under_way{std::move(after), [request, change](const Persisted& persisted) {
                       if (persisted.verdict == Persisted::Verdict::committed) return request->reply(change);
                       request->reply(persisted.failure());
                     }};
  commit(self, id, state.entries[id], std::move(under_way), request->caller.name, std::move(record), std::move(kept));
}

void set_enabled(Self self, const std::string& id, const SwitchScheduleRequestPtr& request) {
  Entry* entry = find(self, id);
  if (!entry || !entry->schedule || !may_see(request->caller, *entry->schedule)) return request->reply(no_schedule(id));
  const Schedule& before = *entry->schedule;
  if (request->enabled == before.enabled) return request->reply(view_of(*entry, before));
  std::optional<Schedule> after;
  ScheduleView shown = view_of(*entry, before);
  if (request->enabled) {
    after = before;
    after->enabled = *request->enabled;
    after->updated_at = self->state.node->clock.now();
    after->next_at = entry->zone ? next_from_now(self, *after, entry->cron, *entry->zone) : kNever;
    shown = view_of(*entry, *after);
  }
  RecordDraft record = after ? schedule_changed(*after) : schedule_deleted(before);
  UnderWay under_way{std::move(after), [request, shown](const Persisted& persisted) {
                       if (persisted.verdict == Persisted::Verdict::committed) return request->reply(shown);
                       request->reply(persisted.error);
                     }};
  commit(self, id, *entry, std::move(under_way), request->caller.name, std::move(record));
}

}  // namespace

void take(Self self, const std::string& id, const Request& request) {
  Entry* entry = find(self, id);
  if (entry && entry->under_way) {
    if (entry->waiting.size() < kWaiting) return entry->waiting.push_back(request);
    const Error busy{ErrorCode::overloaded, "too many requests about the schedule " + id + " are waiting", true, {}};
    return std::visit([&](const auto& one) { one->reply(busy); }, request);
  }
  if (const auto* wanted = std::get_if<PutScheduleRequestPtr>(&request))
    put(self, id, *wanted);
  else
    set_enabled(self, id, std::get<SwitchScheduleRequestPtr>(request));
}

std::string id_of(Self self, const PutSchedule& command) {
  return command.wanted.id.empty() ? to_string(self->state.ids->make<JobId>(0)) : command.wanted.id;
}

void read(Self self, const ReadScheduleRequestPtr& request) {
  const Entry* entry = find(self, request->id);
  if (!entry || !entry->schedule || !may_see(request->caller, *entry->schedule))
    return request->reply(no_schedule(request->id));
  request->reply(view_of(*entry, *entry->schedule));
}

void list(Self self, const ListSchedulesRequestPtr& request) {
  const ScheduleQuery& query = request->query;
  std::vector<ScheduleView> views;
  const auto& entries = self->state.entries;
  for (auto at = entries.upper_bound(query.after); at != entries.end(); ++at) {
    if (views.size() == static_cast<std::size_t>(query.limit)) break;
    const auto& schedule = at->second.schedule;
    if (!schedule || (query.client_id && *query.client_id != schedule->client_id) ||
        (query.workflow_key && *query.workflow_key != schedule->workflow_key))
      continue;
    views.push_back({*schedule, {}});
  }
  request->reply(std::move(views));
}

}  // namespace troupe::schedules
