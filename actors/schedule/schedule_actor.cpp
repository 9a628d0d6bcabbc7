#include "actors/schedule/schedule_actor.hpp"

#include "actors/schedule/schedule_clockwork.hpp"
#include "actors/schedule/schedule_requests.hpp"
#include "codec/schedule_codec.hpp"

namespace troupe {
namespace {

using namespace schedules;

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
      [=](const ScheduleDue& message) { look_at_due(self, message); },
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
