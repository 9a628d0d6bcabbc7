#include "actors/schedule/schedule_clockwork.hpp"

#include <algorithm>

#include "actors/schedule/schedule_records.hpp"
#include "codec/schedule_codec.hpp"

namespace troupe::schedules {
namespace {

constexpr Millis kLookPeriod{1'000};  // a sleep of the machine is noticed so soon
constexpr std::size_t kLooksAtOnce = 64;
constexpr Millis kBackoffFirst{250};
constexpr Millis kBackoffMax{30'000};

SettingRow row_of(Self self, const Schedule& schedule) {
  return {"schedule", schedule.id, encode_schedule(schedule), self->state.node->clock.now()};
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

}  // namespace

Entry* find(Self self, const std::string& id) {
  const auto found = self->state.entries.find(id);
  return found == self->state.entries.end() ? nullptr : &found->second;
}

// --- when to look ----------------------------------------------------------------------------------------------------

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

void look_at_due(Self self, const ScheduleDue& message) {
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

// --- what a look leads to --------------------------------------------------------------------------------------------

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

void commit(Self self, const std::string& id, Entry& entry, UnderWay change, const std::string& actor,
            RecordDraft record, std::optional<IdempotencyRow> kept) {
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

}  // namespace troupe::schedules
