#include "actors/schedule/schedule_actor.hpp"

#include <algorithm>

#include "actors/schedule/schedule_records.hpp"
#include "codec/schedule_codec.hpp"

namespace troupe {
namespace {

using Self = ScheduleActor::stateful_pointer<ScheduleState>;
using Entry = ScheduleState::Entry;
using Request = ScheduleState::Request;
using UnderWay = ScheduleState::UnderWay;

constexpr Millis kLookPeriod{1'000};  // a sleep of the machine is noticed so soon
constexpr std::size_t kLooksAtOnce = 64;
constexpr std::size_t kWaiting = 32;  // requests about one schedule
constexpr Millis kBackoffFirst{250};
constexpr Millis kBackoffMax{30'000};

Error no_schedule(const std::string& id) { return {ErrorCode::not_found, "there is no schedule " + id, false, {}}; }

/// May another attempt succeed where nothing but the server's load or state has changed?
bool is_passing(const Error& error) {
  switch (error.code) {
    case ErrorCode::overloaded:
    case ErrorCode::not_ready:
    case ErrorCode::rate_limited:
    case ErrorCode::store_unavailable:
    case ErrorCode::disk_full:
    case ErrorCode::fenced: return true;
    default: return false;
  }
}

bool may_see(const Caller& caller, const Schedule& schedule) {
  return !caller.client_id || *caller.client_id == schedule.client_id;
}

Entry* find(Self self, const std::string& id) {
  const auto found = self->state.entries.find(id);
  return found == self->state.entries.end() ? nullptr : &found->second;
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

// --- when to look ----------------------------------------------------------------------------------------------------

/// Sees to it that what is due first is looked at in time.
void arm(Self self) {
  ScheduleState& state = self->state;
  Timers& timers = state.node->timers;
  if (!state.begun || state.due.empty()) {
    if (state.timer) timers.forget(*std::exchange(state.timer, std::nullopt));
    return;
  }
  const Timestamp wake = std::min(state.due.begin()->first, state.node->clock.now() + kLookPeriod);
  if (state.timer && wake >= state.timer->due) return;
  if (state.timer) timers.forget(*state.timer);
  state.timer = timers.call_at(wake, [me = ScheduleActor(self), wake] { caf::anon_send(me, ScheduleDue{wake}); });
}

void look_at(Self self, const std::string& id, Entry& entry, Timestamp at) {
  if (entry.look_at != kNever) self->state.due.erase({entry.look_at, id});
  entry.look_at = at;
  if (at != kNever) self->state.due.emplace(at, id);
}

// --- changes ---------------------------------------------------------------------------------------------------------

SettingRow row_of(Self self, const Schedule& schedule) {
  return {"schedule", schedule.id, encode_schedule(schedule), self->state.node->clock.now()};
}

/// Asks for the change to be made durable; ScheduleSettled tells.
void commit(Self self, const std::string& id, Entry& entry, UnderWay change, const std::string& actor,
            RecordDraft record, std::optional<IdempotencyRow> kept = {}) {
  ScheduleState& state = self->state;
  auto persist = std::make_shared<Persist>();
  persist->records = {std::move(record)};
  persist->frame.actor = actor;
  persist->frame.node = state.node->node_name;
  persist->frame.client_id = (change.after ? change.after : entry.schedule)->client_id;
  persist->shard = state.ports.shard;
  persist->is_accept = true;
  persist->change.settings.push_back(change.after ? row_of(self, *change.after)
                                                  : SettingRow{"schedule", id, {}, state.node->clock.now()});
  persist->change.idempotency = std::move(kept);
  persist->done = [me = ScheduleActor(self), id](Persisted persisted) {
    caf::anon_send(me, ScheduleSettled{id, std::move(persisted)});
  };
  entry.under_way = std::move(change);
  state.ports.commit(persist);
}

void look(Self self, const std::string& id, Entry& entry);

void back_off(Self self, const std::string& id, Entry& entry, const Error& error) {
  const NodeContext& node = *self->state.node;
  Millis pause = std::min(kBackoffMax, kBackoffFirst * (1 << std::min(entry.failures++, 10)));
  // Many are due at midnight: they must not come again together.
  pause -= Millis(static_cast<Millis::rep>(node.random.next() % 1024) * pause.count() / 2048);
  const Timestamp now = node.clock.now();
  Timestamp at = now + std::max(pause, error.retry_after.value_or(Millis(0)));
  if (const auto next = next_after(entry.cron, *entry.zone, now)) at = std::min(at, *next);
  look_at(self, id, entry, at);
}

/// No job for the times from `at` to `until`; the row goes on to `next_at`.
void skip(Self self, const std::string& id, Entry& entry, const ScheduleStep& step, Timestamp until,
          const std::optional<Error>& error) {
  Schedule after = *entry.schedule;
  after.next_at = step.next_at;
  std::optional<ScheduleFault> fault;
  if (error) {
    fault = ScheduleFault{std::string(code_text(error->code)), error->message, step.at};
    after.last_fault = fault;
  }
  self->state.node->log.write(
      log::Level::warning, error ? "a schedule's job was refused" : "a schedule missed its time",
      {{"schedule", id}, {"scheduled_at", format_rfc3339(step.at)}, {"error", error ? error->message : std::string()}});
  RecordDraft record = schedule_skipped(after, step.at, until, fault);
  commit(self, id, entry, {std::move(after), {}, step.at}, "node", std::move(record));
}

void fire(Self self, const std::string& id, Entry& entry, const ScheduleStep& step) {
  Schedule after = *entry.schedule;
  after.last_at = step.at;
  after.next_at = step.next_at;
  after.last_fault.reset();
  Caller caller;
  caller.name = "schedule " + id;
  const auto row = std::make_shared<SettingRow>(row_of(self, after));
  const auto extend = [row, after](Change& change, const AcceptedJob& accepted) {
    Schedule fired = after;
    fired.last_job = accepted.id;
    row->document = encode_schedule(fired);
    change.settings.push_back(*row);
  };
  SubmitJob job = job_of_schedule(after, step.at);
  entry.under_way = UnderWay{std::move(after), {}, step.at};
  self->state.ports.submit(caller, std::move(job), extend,
                           [me = ScheduleActor(self), id](Result<AcceptedJob> accepted) {
                             caf::anon_send(me, ScheduleFired{id, std::move(accepted)});
                           });
}

/// Does what is to be done with it now.
void look(Self self, const std::string& id, Entry& entry) {
  ScheduleState& state = self->state;
  if (entry.under_way || !entry.schedule) return;
  look_at(self, id, entry, kNever);
  if (!state.begun || !entry.zone || state.node->health.stopping) return;
  const ScheduleStep step =
      next_step(*entry.schedule, entry.cron, *entry.zone, {state.node->clock.now(), entry.first, entry.seen});
  if (step.kind == ScheduleStep::Kind::wait) entry.first = false;
  if (!step.missed) entry.seen = state.node->clock.now();
  switch (step.kind) {
    case ScheduleStep::Kind::wait: return look_at(self, id, entry, step.next_at);
    case ScheduleStep::Kind::skip: return skip(self, id, entry, step, step.until, entry.tried);
    case ScheduleStep::Kind::fire: return fire(self, id, entry, step);
  }
}

// --- what people ask for ---------------------------------------------------------------------------------------------

/// When it is due next, from now on.
Timestamp next_from_now(Self self, const Schedule& schedule, const CronExpression& cron, const TimeZone& zone) {
  if (!schedule.enabled) return kNever;
  return next_after(cron, zone, self->state.node->clock.now()).value_or(kNever);
}

Error of_duplicate() { return {ErrorCode::conflict, "the same request was answered meanwhile", false, {}}; }

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
                       switch (persisted.verdict) {
                         case Persisted::Verdict::committed: return request->reply(change);
                         case Persisted::Verdict::duplicate: return request->reply(of_duplicate());
                         case Persisted::Verdict::refused: return request->reply(persisted.error);
                       }
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

/// At once, or when what is under way is settled.
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

// --- what became of it -----------------------------------------------------------------------------------------------

/// Puts the committed schedule in place of the one before.
void adopt(Self self, Entry& entry, Schedule schedule) {
  ScheduleState& state = self->state;
  const bool other_times =
      !entry.schedule || entry.schedule->cron != schedule.cron || entry.schedule->time_zone != schedule.time_zone;
  if (!entry.schedule || entry.schedule->next_at != schedule.next_at) {
    entry.first = false;
    entry.tried.reset();
    entry.failures = 0;
  }
  entry.schedule = std::move(schedule);
  if (!other_times) return;
  const auto fault = [&](const Error& error) {
    entry.zone = nullptr;
    entry.schedule->last_fault =
        ScheduleFault{std::string(code_text(error.code)), error.message, entry.schedule->next_at};
    state.node->log.write(log::Level::error, "a schedule stands still: its times cannot be told",
                          {{"schedule", entry.schedule->id}, {"error", error.message}});
  };
  const auto cron = parse_cron(entry.schedule->cron);
  if (!cron) return fault(cron.error());
  auto zone = state.ports.time_zone(entry.schedule->time_zone);
  if (!zone) return fault({zone.error().code, entry.schedule->time_zone + " " + zone.error().message, false, {}});
  entry.cron = *cron;
  entry.zone = *std::move(zone);
}

/// The next request, or else the next look.
void go_on(Self self, const std::string& id) {
  for (Entry* entry = find(self, id); entry && !entry->under_way; entry = find(self, id)) {
    if (!entry->waiting.empty()) {
      const Request request = std::move(entry->waiting.front());
      entry->waiting.pop_front();
      take(self, id, request);
      continue;
    }
    if (!entry->schedule)
      self->state.entries.erase(id);  // it was removed, or never made
    else if (entry->look_at == kNever)
      look(self, id, *entry);
    break;
  }
  arm(self);
}

void note(Self self, std::string_view outcome, Timestamp at) {
  const NodeContext& node = *self->state.node;
  node.metrics.schedule_came(outcome, node.clock.now() - at);
}

void settled(Self self, const ScheduleSettled& message) {
  Entry* entry = find(self, message.id);
  if (!entry || !entry->under_way) return;
  UnderWay change = *std::exchange(entry->under_way, std::nullopt);
  const bool committed = message.persisted.verdict == Persisted::Verdict::committed;
  if (committed) {
    look_at(self, message.id, *entry, kNever);
    if (change.at != kNever) {
      const auto& fault = change.after->last_fault;
      note(self, fault && fault->at == change.at ? "refused" : "missed", change.at);
    }
    if (change.after)
      adopt(self, *entry, *std::move(change.after));
    else
      entry->schedule.reset();
  } else if (!change.reply) {
    back_off(self, message.id, *entry, message.persisted.error);  // nobody else would ask again
  }
  if (change.reply) change.reply(message.persisted);
  go_on(self, message.id);
}

void fired(Self self, const ScheduleFired& message) {
  Entry* entry = find(self, message.id);
  if (!entry || !entry->under_way) return;
  UnderWay change = *std::exchange(entry->under_way, std::nullopt);
  if (message.job) {
    note(self, "begun", change.at);
    change.after->last_job = message.job->id;
    adopt(self, *entry, *std::move(change.after));
  } else if (entry->tried = message.job.error(); is_passing(*entry->tried)) {
    back_off(self, message.id, *entry, message.job.error());
  } else {
    const ScheduleStep step{ScheduleStep::Kind::skip, change.at, change.at, change.after->next_at};
    skip(self, message.id, *entry, step, change.at, message.job.error());
  }
  go_on(self, message.id);
}

// --- the clock -------------------------------------------------------------------------------------------------------

void begin(Self self) {
  ScheduleState& state = self->state;
  state.begun = true;
  const Timestamp now = state.node->clock.now();
  for (auto& [id, entry] : state.entries) {
    if (!entry.schedule || !entry.schedule->enabled || entry.schedule->next_at == kNever) continue;
    entry.first = entry.schedule->next_at <= now;
    look_at(self, id, entry, entry.schedule->next_at);
  }
  arm(self);
}

void due(Self self, const ScheduleDue& message) {
  ScheduleState& state = self->state;
  if (state.timer && message.at == state.timer->due) state.timer.reset();
  const Timestamp now = state.node->clock.now();
  for (std::size_t looks = 0; !state.due.empty() && state.due.begin()->first <= now; ++looks) {
    if (looks == kLooksAtOnce) return self->send(self, ScheduleDue{message.at});  // others have their turn
    const std::string id = state.due.begin()->second;
    Entry& entry = state.entries.at(id);
    if (entry.under_way)
      look_at(self, id, entry, kNever);  // looked at again when that is settled
    else
      look(self, id, entry);
  }
  arm(self);
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

}  // namespace

Result<std::vector<Schedule>> load_schedules(StoreReader& reader, Log& log) {
  const auto rows = reader.settings("schedule");
  if (!rows) return rows.error();
  std::vector<Schedule> schedules;
  for (const SettingRow& row : *rows) {
    auto schedule = decode_schedule(row.id, row.document);
    if (schedule)
      schedules.push_back(*std::move(schedule));
    else
      log.write(log::Level::error, "a schedule cannot be read, and begins nothing",
                {{"schedule", row.id}, {"error", schedule.error().message}});
  }
  return schedules;
}

ScheduleActor::behavior_type schedule_actor(Self self, NodeContext* node, const SchedulePorts& ports,
                                            const std::vector<Schedule>& schedules) {
  keep_reason_of_death(self);
  self->state.node = node;
  self->state.ports = ports;
  self->state.ids = std::make_unique<IdFactory>(node->clock, node->random);
  for (const Schedule& schedule : schedules) adopt(self, self->state.entries[schedule.id], schedule);
  return {
      [=](const PutScheduleRequestPtr& request) {
        const std::string id = id_of(self, request->command);
        take(self, id, request);
        go_on(self, id);
      },
      [=](const SwitchScheduleRequestPtr& request) {
        take(self, request->id, request);
        go_on(self, request->id);
      },
      [=](const ReadScheduleRequestPtr& request) { read(self, request); },
      [=](const ListSchedulesRequestPtr& request) { list(self, request); },
      [=](BeginSchedules) { begin(self); },
      [=](const ScheduleDue& message) { due(self, message); },
      [=](const ScheduleFired& message) { fired(self, message); },
      [=](const ScheduleSettled& message) { settled(self, message); },
      [=](const Probe& probe) {
        ActorView view;
        view.waiting = self->state.due.size();
        answer_probe(self, probe, view);
      },
      [=](Rest) { self->quit(); },
  };
}

}  // namespace troupe
