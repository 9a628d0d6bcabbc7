#include "actors/worker/worker_actor.hpp"

#include "actors/node/blocking_pool.hpp"
#include "actors/worker/task_report.hpp"

namespace troupe {
namespace {

using Self = WorkerActor::stateful_pointer<WorkerState>;
using Running = WorkerState::Running;

/// Carries what an executor says to the actors, from whatever thread it says it on.
class ActorSink final : public TaskSink {
 public:
  ActorSink(TaskKey task, RunActor run, WorkerActor worker)
      : task_(task), run_(std::move(run)), worker_(std::move(worker)) {}

  void progress(double fraction, std::string_view message) override {
    caf::anon_send(run_, TaskProgress{task_, fraction, std::string(message)});
  }
  void preview(std::string_view media_type, std::string bytes) override {
    caf::anon_send(run_, TaskPreview{task_, std::string(media_type), std::move(bytes)});
  }
  void log(std::string_view stream, std::string_view text) override {
    caf::anon_send(run_, TaskLog{task_, std::string(stream), std::string(text)});
  }
  void done(TaskOutcome outcome) override {
    caf::anon_send(worker_, TaskFinished{task_, std::make_shared<TaskOutcome>(std::move(outcome))});
  }

 private:
  const TaskKey task_;
  const RunActor run_;
  const WorkerActor worker_;
};

void execute(Self self, Running& running) {
  running.executing = true;
  running.started_at = self->state.node->clock.now();
  const auto executor = self->state.options.executors.find(running.offer->task.type);
  TROUPE_ASSERT(executor != self->state.options.executors.end(), "the broker gives a worker only types it serves");
  Task task = running.offer->task;
  task.deadline = running.started_at + running.offer->timeout;
  executor->second->start(std::move(task),
                          std::make_shared<ActorSink>(running.offer->task.key, running.offer->run, WorkerActor(self)));
}

void assign(Self self, const TaskOfferPtr& offer) {
  WorkerState& state = self->state;
  Running& running = state.running[offer->task.key] = Running{offer};
  self->send(offer->run, TaskStarting{offer->task.key, state.options.name, WorkerActor(self)});
  if (!offer->commits_start) execute(self, running);
}

/// Gives the slot back.
void forget(Self self, const TaskKey& task) {
  self->state.running.erase(task);
  self->send(self->state.broker, SlotFree{task});
}

void stop(Self self, const TaskKey& task) {
  const auto found = self->state.running.find(task);
  if (found == self->state.running.end() || found->second.stopping) return;
  Running& running = found->second;
  if (!running.executing) {
    self->send(running.offer->run, TaskGone{task});
    return forget(self, task);
  }
  running.stopping = true;
  self->state.options.executors.at(running.offer->task.type)->stop(task);
  self->delayed_send(self, limits::kStopDeadline, StopOverdue{task});
}

void finish(Self self, const TaskFinished& finished) {
  WorkerState& state = self->state;
  const auto found = state.running.find(finished.task);
  if (found == state.running.end()) return;
  Running running = std::move(found->second);
  state.running.erase(found);

  const bool stopped = !finished.outcome->result && finished.outcome->result.error().code == ErrorCode::cancelled;
  // The slot is given back after the run was told, so that the broker never calls gone what has just ended.
  const auto report = [node = state.node, name = state.options.name, broker = state.broker, running,
                       outcome = finished.outcome] {
    caf::anon_send(running.offer->run,
                   make_report(*node, running.offer->task, name, running.started_at, std::move(*outcome)));
    caf::anon_send(broker, SlotFree{running.offer->task.key});
  };
  if (running.reported || stopped) {
    if (stopped) self->send(running.offer->run, TaskGone{finished.task});
    self->send(state.broker, SlotFree{finished.task});
  } else if (needs_blobs(*finished.outcome)) {
    state.node->blocking.run_always(report);
  } else {
    report();
  }
}

void stop_overdue(Self self, const TaskKey& task) {
  const auto found = self->state.running.find(task);
  if (found == self->state.running.end() || found->second.reported) return;
  found->second.reported = true;
  self->state.node->log.write(log::Level::error, "an executor does not stop; its slot stays taken",
                              {{"run", to_string(task.run)}, {"step", found->second.offer->task.step}});
  self->send(found->second.offer->run, TaskGone{task});
}

}  // namespace

WorkerActor::behavior_type worker_actor(Self self, NodeContext* node, BrokerActor broker, WorkerOptions options) {
  WorkerState& state = self->state;
  state.node = node;
  state.broker = std::move(broker);
  state.options = std::move(options);
  std::vector<StepType> types;
  for (const auto& [type, executor] : state.options.executors) types.push_back(type);
  self->send(state.broker, RegisterWorker{WorkerActor(self), state.options.name, types, state.options.slots});
  return {
      [=](const AssignTask& assignment) { assign(self, assignment.offer); },
      [=](const TaskAdmitted& admitted) {
        const auto found = self->state.running.find(admitted.task);
        if (found != self->state.running.end() && !found->second.executing) execute(self, found->second);
      },
      [=](const StopTaskMessage& message) { stop(self, message.task); },
      [=](const TaskFinished& finished) { finish(self, finished); },
      [=](const StopOverdue& overdue) { stop_overdue(self, overdue.task); },
  };
}

}  // namespace troupe
