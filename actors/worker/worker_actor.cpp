#include "actors/worker/worker_actor.hpp"

#include <algorithm>
#include <mutex>

#include "actors/node/blocking_pool.hpp"
#include "actors/worker/secret_mask.hpp"
#include "actors/worker/task_report.hpp"
#include "codec/secret_mark.hpp"

namespace troupe {
namespace {

using Self = WorkerActor::stateful_pointer<WorkerState>;
using Running = WorkerState::Running;

/// An executor that throws instead of stopping counts as one that does not stop.
void stop_executor(Executor& executor, const TaskKey& task, bool is_abandoned = false) noexcept {
  try {
    is_abandoned ? executor.abandon(task) : executor.stop(task);
  } catch (const std::exception&) {
  }
}

/// Carries what an executor says to the actors, from whatever thread it says it on. An outcome that is there before
/// Executor::start() has returned is kept, and given to the worker by our own start(). It does not keep the run alive:
/// an executor that cannot be stopped may hold it for ever.
class ActorSink final : public TaskSink {
 public:
  ActorSink(TaskKey task, const RunActor& run, WorkerActor worker, std::shared_ptr<const SecretMask> mask)
      : task_(task),
        run_(caf::actor_cast<caf::weak_actor_ptr>(run)),
        worker_(std::move(worker)),
        mask_(std::move(mask)) {}

  void progress(double fraction, std::string_view message) override {
    tell_run(TaskProgress{task_, fraction, masked(message)});
  }
  void preview(std::string_view media_type, std::string bytes) override {
    tell_run(TaskPreview{task_, masked(media_type), mask_ ? mask_->text(bytes) : std::move(bytes)});
  }
  void log(std::string_view stream, std::string_view text) override {
    if (!mask_) return tell_run(TaskLog{task_, std::string(stream), std::string(text)});
    const std::lock_guard lock(streams_mutex_);
    MaskedStream& masked = streams_.try_emplace(std::string(stream), *mask_).first->second;
    if (std::string shown = masked.take(text); !shown.empty())
      tell_run(TaskLog{task_, std::string(stream), std::move(shown)});
  }
  void done(TaskOutcome outcome) override {
    tell_rest_of_log();
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

  std::string masked(std::string_view text) const { return mask_ ? mask_->text(text) : std::string(text); }

  void tell_rest_of_log() {
    if (!mask_) return;
    const std::lock_guard lock(streams_mutex_);
    for (auto& [stream, masked] : streams_)
      if (std::string rest = masked.take_rest(); !rest.empty()) tell_run(TaskLog{task_, stream, std::move(rest)});
  }

  template <class Message>
  void tell_run(Message message) {
    if (const auto run = caf::actor_cast<RunActor>(run_)) caf::anon_send(run, std::move(message));
  }

  static thread_local const ActorSink* starting_;  ///< whose start() this thread is in
  const TaskKey task_;
  const caf::weak_actor_ptr run_;
  const WorkerActor worker_;
  const std::shared_ptr<const SecretMask> mask_;  ///< null: nothing is masked
  std::mutex streams_mutex_;
  std::map<std::string, MaskedStream> streams_;
  std::shared_ptr<TaskOutcome> early_outcome_;  ///< touched by the starting thread only
};

thread_local const ActorSink* ActorSink::starting_ = nullptr;

void tell_starting(Self self, const TaskOfferPtr& offer) {
  self->send(offer->run, TaskStarting{offer->task.key, self->state.options.name, WorkerActor(self)});
}

void finish(Self self, const TaskFinished& finished);

/// With the config as it is to be executed. True if the task has ended at once, and `running` is gone.
bool start(Self self, Running& running, Document config) {
  running.executing = true;
  running.started_at = self->state.node->clock.now();
  const TaskOfferPtr offer = running.offer;
  const auto executor = self->state.options.executors.find(offer->task.type);
  TROUPE_ASSERT(executor != self->state.options.executors.end(), "the broker gives a worker only types it serves");
  Task task = offer->task;
  task.config = std::move(config);
  task.deadline = running.started_at + offer->timeout;
  const auto sink = std::make_shared<ActorSink>(offer->task.key, offer->run, WorkerActor(self), running.mask);
  auto outcome = sink->start(*executor->second, std::move(task), sink);
  if (!outcome) return false;
  finish(self, TaskFinished{offer->task.key, std::move(outcome)});
  return true;
}

/// Reading a secret may wait for a file.
void fill_secrets(Self self, Running& running) {
  running.filling = true;
  self->state.node->blocking.run_always([node = self->state.node, worker = WorkerActor(self), offer = running.offer] {
    std::vector<std::string> values;
    auto filled = fill_secret_marks(offer->task.config, [&](std::string_view name) -> Result<std::string> {
      if (node->secrets == nullptr)
        return {ErrorCode::unknown_secret, "the server has no secret \"" + std::string(name) + "\""};
      auto value = node->secrets->resolve(name);
      if (value) values.push_back(*value);
      return value;
    });
    caf::anon_send(worker, SecretsFilled{offer->task.key, std::make_shared<Result<Document>>(std::move(filled)),
                                         std::make_shared<SecretMask>(values)});
  });
}

/// As start().
bool execute(Self self, Running& running) {
  if (!holds_secret_marks(running.offer->task.config.view())) return start(self, running, running.offer->task.config);
  fill_secrets(self, running);
  return false;
}

void secrets_filled(Self self, const SecretsFilled& filled) {
  const auto found = self->state.running.find(filled.task);
  if (found == self->state.running.end() || !found->second.filling || found->second.executing) return;
  Running& running = found->second;
  if (!*filled.config) {
    running.started_at = self->state.node->clock.now();
    return finish(self,
                  TaskFinished{filled.task, std::make_shared<TaskOutcome>(TaskOutcome{filled.config->error(), {}})});
  }
  running.mask = filled.mask;
  start(self, running, **filled.config);
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
  self->send(self->state.broker, SlotFree{task, /*is_undone=*/true});
}

void stop(Self self, const StopTaskMessage& message) {
  const TaskKey& task = message.task;
  const auto found = self->state.running.find(task);
  if (found == self->state.running.end() || found->second.stopping) return;
  Running& running = found->second;
  if (!running.executing && (message.is_abandoned || !may_be_at_work(*running.offer))) {
    self->send(running.offer->run, TaskGone{task});
    return forget(self, task);
  }
  if (!running.executing && start(self, running, running.offer->task.config)) return;
  running.stopping = true;
  stop_executor(*self->state.options.executors.at(running.offer->task.type), task, message.is_abandoned);
  if (!self->state.options.stops_late) self->delayed_send(self, limits::kStopDeadline, StopOverdue{task});
}

void finish(Self self, const TaskFinished& finished) {
  WorkerState& state = self->state;
  const auto found = state.running.find(finished.task);
  if (found == state.running.end()) return;
  Running running = std::move(found->second);
  state.running.erase(found);

  TaskOutcome& outcome = *finished.outcome;
  if (running.reported) outcome.result = Error{ErrorCode::cancelled, "stopped too late", false, {}};
  const bool is_undone = !outcome.result && outcome.result.error().code == ErrorCode::cancelled;
  const auto report = [node = state.node, name = state.options.name, running, outcome = finished.outcome] {
    if (running.mask) running.mask->outcome(*outcome);
    return make_report(*node, running.offer->task, name, running.started_at, std::move(*outcome));
  };
  // The slot is given back after the run was told, so that the broker never calls gone what has just ended.
  const TaskOfferPtr offer = running.offer;
  if (running.mask || needs_blobs(outcome)) {  // a long text takes its time to mask
    state.node->blocking.run_always([report, offer, broker = state.broker, is_undone] {
      if (is_undone)
        caf::anon_send(offer->run, TaskGone{offer->task.key, false, report()});
      else
        caf::anon_send(offer->run, report());
      caf::anon_send(broker, SlotFree{offer->task.key, is_undone});
    });
  } else {
    if (is_undone)
      self->send(offer->run, TaskGone{offer->task.key, false, report()});
    else
      self->send(offer->run, report());
    caf::anon_send(state.broker, SlotFree{offer->task.key, is_undone});  // by another thread: this one goes on with it
  }
}

void stop_overdue(Self self, const TaskKey& task) {
  const auto found = self->state.running.find(task);
  if (found == self->state.running.end() || found->second.reported) return;
  found->second.reported = true;
  self->state.node->log.write(log::Level::error, "an executor does not stop; its slot stays taken",
                              {{"run", to_string(task.run)}, {"step", found->second.offer->task.step}});
  self->send(self->state.broker, SlotStuck{task});
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
        if (found == self->state.running.end() || found->second.executing || found->second.filling) return;
        execute(self, found->second);
      },
      [=](const SecretsFilled& filled) { secrets_filled(self, filled); },
      [=](const StopTaskMessage& message) { stop(self, message); },
      [=](const TaskFinished& finished) { finish(self, finished); },
      [=](const StopOverdue& overdue) { stop_overdue(self, overdue.task); },
      [=](const Probe& probe) { answer_probe(self, probe, describe(self->state)); },
  };
}

}  // namespace troupe
