// A decision in the making: events are applied to a working copy as they are emitted, so that what follows from them
// (the next steps, the end of the run) is decided over the state they lead to. Private to the domain room; each
// command's file uses it.
#pragma once

#include "troupe/domain/core.hpp"

namespace troupe {

class Decider {
 public:
  Decider(const RunState& state, const Context& context) : state_(state), context_(context) {}

  const RunState& state() const { return state_; }
  const Context& context() const { return context_; }
  const StepDefinition& definition(StepIndex step) const { return context_.workflow.steps[step]; }
  Timestamp now() const { return context_.now; }

  /// Is this task live in this state: the right run, epoch and attempt, neither done nor given up?
  bool is_live(const TaskKey& task) const { return find_live(task) != nullptr; }
  const LiveItem* find_live(const TaskKey& task) const;
  TaskKey key_of(StepIndex step, const LiveItem& item, bool compensation = false) const;
  /// May a worker tell of this task?
  bool is_worked_on(const TaskKey& task) const {
    const LiveItem* live = find_live(task);
    return live != nullptr && live->phase != AttemptPhase::awaiting;
  }
  /// What the task runs: its step's type, or its compensation's.
  StepType type_of(const TaskKey& task) const { return definition(task.step).type_of(task.compensation); }
  Millis timeout_of(const TaskKey& task) const { return definition(task.step).timeout_of(task.compensation); }

  void emit(Event event);
  void effect(Effect effect) { decision_.effects.push_back(std::move(effect)); }

  /// Evaluates the task's configuration and hands it to a worker. If that fails, the task fails.
  void dispatch(const TaskKey& task);
  /// The attempt did not succeed: retry by the policy, or give up and stop the run.
  void fail(const TaskKey& task, Error error, Timestamp started_at);
  /// The run will not succeed. Stops what is live.
  void stop(Status verdict, Error error);
  /// A signal of this ordinal belongs to a task that waits for one.
  void take_signal(std::uint32_t ordinal, const TaskKey& task);
  /// Ends an approval that has what it asks for, or cannot have it any more.
  void settle_approval(const ApprovalState& approval);
  void finish_approval(const ApprovalState& approval, const Bitmap& approved, const Bitmap& rejected, bool expired);
  /// Everything that follows from the state: begins what is ready, ends what is complete.
  void advance();

  Decision take();

 private:
  bool begin_ready_steps();
  void begin_step(StepIndex step);
  void begin_items(StepIndex step);
  void begin_item(StepIndex step, ItemIndex item);
  void await_signal(StepIndex step, ItemIndex item);
  void await_approval(StepIndex step, ItemIndex item);
  void await_message(const TaskKey& task);
  /// Of a step that waits for a message; kNever: it may wait as long as its run.
  Timestamp message_deadline(StepIndex step) const;
  void finish_if_complete();
  void compensate_next();

  RunState state_;
  const Context& context_;
  Decision decision_;
};

// One function a command, each in the file of its name.
Result<Decision> decide_start_run(const RunState& state, const StartRun& command, const Context& context);
Result<Decision> decide_start_task(const RunState& state, const StartTask& command, const Context& context);
Result<Decision> decide_complete_task(const RunState& state, const CompleteTask& command, const Context& context);
Result<Decision> decide_fail_task(const RunState& state, const FailTask& command, const Context& context);
Result<Decision> decide_task_stopped(const RunState& state, const TaskStopped& command, const Context& context);
Result<Decision> decide_fire_timer(const RunState& state, const FireTimer& command, const Context& context);
Result<Decision> decide_cancel_run(const RunState& state, const CancelRun& command, const Context& context);
Result<Decision> decide_receive_signal(const RunState& state, const ReceiveSignal& command, const Context& context);
Result<Decision> decide_review_assets(const RunState& state, const ReviewAssets& command, const Context& context);
Result<Decision> decide_resolve_doubt(const RunState& state, const ResolveDoubt& command, const Context& context);
Result<Decision> decide_recover_run(const RunState& state, const RecoverRun& command, const Context& context);
Result<Decision> decide_admit_run(const RunState& state, const AdmitRun& command, const Context& context);

/// Of tasks that nobody works on any more: whoever did is gone.
void cancel_live(Decider& decider);

/// Does the run wait for people, and for nothing else? Then its time-out stands still.
bool waits_for_people(const RunState& state);

/// Why an outcome does not count: its task is not live.
Error not_live(const TaskKey& task);

}  // namespace troupe
