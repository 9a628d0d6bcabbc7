#include "actors/worker/worker_actor.hpp"

#include <algorithm>

#include "actors/node/blocking_pool.hpp"
#include "actors/worker/task_report.hpp"

namespace troupe {
namespace {

using Self = WorkerActor::stateful_pointer<WorkerState>;
using Running = WorkerState::Running;

/// An executor that throws instead of stopping counts as one that does not stop.
void stop_executor(Executor& executor, const TaskKey& task) noexcept {
  try {
    executor.stop(task);
  } catch (const std::exception&) {
  }
}

/// Carries what an executor says to the actors, from whatever thread it says it on. An outcome that is there before
/// Executor::start() has returned is kept, and given to the worker by our own start(). It does not keep the run alive:
/// an executor that cannot be stopped may hold it for ever.
class ActorSink final : public TaskSink {
 public:
  ActorSink(TaskKey task, const RunActor& run, WorkerActor worker)
      : task_(task), run_(caf::actor_cast<caf::weak_actor_ptr>(run)), worker_(std::move(worker)) {}

  void progress(double fraction, std::string_view message) override {
    tell_run(TaskProgress{task_, fraction, std::string(message)});
  }
  void preview(std::string_view media_type, std::string bytes) override {
    tell_run(TaskPreview{task_, std::string(media_type), std::move(bytes)});
  }
  void log(std::string_view stream, std::string_view text) override {
    tell_run(TaskLog{task_, std::string(stream), std::string(text)});
  }
  void done(TaskOutcome outcome) override {
    auto shared = std::make_shared<TaskOutcome>(std::move(outcome));
    if (starting_ != this)
      caf::anon_send(worker_, TaskFinished{task_, std::move(shared)});
    else if (!early_outcome_)  // the first word counts
      early_outcome_ = std::move(shared);
  }

  /// Starts the task; null unless it has ended already.
  std::shared_ptr<TaskOutcome> start(Executor& executor, Task task, const std::shared_ptr<ActorSink>& self) {
    const Starting starting(this);
    try {
      executor.start(std::move(task), self);
    } catch (const std::exception& fault) {
      stop_executor(executor, task_);  // whatever of it is at work
      const std::string what = std::string("the executor threw when the step was to start: ") + fault.what();
      return std::make_shared<TaskOutcome>(TaskOutcome{Error{ErrorCode::executor_failed, what, true, {}}, {}});
    }
    return std::move(early_outcome_);
  }

 private:
  struct Starting {
    explicit Starting(const ActorSink* sink) { starting_ = sink; }
    ~Starting() { starting_ = nullptr; }
  };

  template <class Message>
  void tell_run(Message message) {
    if (const auto run = caf::actor_cast<RunActor>(run_)) caf::anon_send(run, std::move(message));
  }

  static thread_local const ActorSink* starting_;  ///< whose start() this thread is in
  const TaskKey task_;
  const caf::weak_actor_ptr run_;
  const WorkerActor worker_;
  std::shared_ptr<TaskOutcome> early_outcome_;  ///< touched by the starting thread only
};

thread_local const ActorSink* ActorSink::starting_ = nullptr;

void tell_starting(Self self, const TaskOfferPtr& offer) {
  self->send(offer->run, TaskStarting{offer->task.key, self->state.options.name, WorkerActor(self)});
}

void finish(Self self, const TaskFinished& finished);

/// True if the task has ended at once, and `running` is gone.
bool execute(Self self, Running& running) {
  running.executing = true;
  running.started_at = self->state.node->clock.now();
  const TaskOfferPtr offer = running.offer;
  const auto executor = self->state.options.executors.find(offer->task.type);
  TROUPE_ASSERT(executor != self->state.options.executors.end(), "the broker gives a worker only types it serves");
  Task task = offer->task;
  task.deadline = running.started_at + offer->timeout;
  const auto sink = std::make_shared<ActorSink>(offer->task.key, offer->run, WorkerActor(self));
  auto outcome = sink->start(*executor->second, std::move(task), sink);
  if (!outcome) return false;
  finish(self, TaskFinished{offer->task.key, std::move(outcome)});
  return true;
}

void assign(Self self, const TaskOfferPtr& offer) {
  Running& running = self->state.running[offer->task.key] = Running{offer};
  if (offer->commits_start) return tell_starting(self, offer);
  // Of what ends at once nobody needs to hear that it begins.
  if (!execute(self, running)) tell_starting(self, offer);
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
  stop_executor(*self->state.options.executors.at(running.offer->task.type), task);
  self->delayed_send(self, limits::kStopDeadline, StopOverdue{task});
}

void finish(Self self, const TaskFinished& finished) {
  WorkerState& state = self->state;
  const auto found = state.running.find(finished.task);
  if (found == state.running.end()) return;
  Running running = std::move(found->second);
  state.running.erase(found);

  const bool stopped = !finished.outcome->result && finished.outcome->result.error().code == ErrorCode::cancelled;
  const auto report = [node = state.node, name = state.options.name, running, outcome = finished.outcome] {
    return make_report(*node, running.offer->task, name, running.started_at, std::move(*outcome));
  };
  // The slot is given back after the run was told, so that the broker never calls gone what has just ended.
  if (running.reported || stopped) {
    if (stopped) self->send(running.offer->run, TaskGone{finished.task});
    self->send(state.broker, SlotFree{finished.task});
  } else if (needs_blobs(*finished.outcome)) {
    state.node->blocking.run_always([report, run = running.offer->run, broker = state.broker, task = finished.task] {
      caf::anon_send(run, report());
      caf::anon_send(broker, SlotFree{task});
    });
  } else {
    self->send(running.offer->run, report());
    caf::anon_send(state.broker, SlotFree{finished.task});  // by another thread: this one goes on with the run
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

ActorView describe(const WorkerState& state) {
  ActorView view;
  view.busy = state.running.size();
  const Timestamp now = state.node->clock.now();
  for (const auto& [task, running] : state.running)
    if (running.executing) view.at_work_for = std::max(view.at_work_for.value_or(Millis(0)), now - running.started_at);
  return view;
}

}  // namespace

WorkerState::~WorkerState() {
  if (node == nullptr || node->health.stopping) return;  // then the node has stopped all tasks
  for (const auto& [task, one] : running)
    if (one.executing && !one.stopping) stop_executor(*options.executors.at(one.offer->task.type), task);
}

WorkerActor::behavior_type worker_actor(Self self, NodeContext* node, BrokerActor broker, WorkerOptions options) {
  WorkerState& state = self->state;
  keep_reason_of_death(self);
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
      [=](const Probe& probe) { answer_probe(self, probe, describe(self->state)); },
  };
}

}  // namespace troupe
