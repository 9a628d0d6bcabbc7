#include "decider.hpp"

namespace troupe {
namespace {

bool may_be_running(const Decider& decider, StepIndex step, const LiveItem& item) {
  if (item.phase == AttemptPhase::started) return true;
  return item.phase == AttemptPhase::waiting && !pauses(decider.definition(step).type, item, decider.now());
}

bool anything_may_be_running(const Decider& decider) {
  const auto& undoing = decider.state().compensation;
  if (undoing && undoing->phase != AttemptPhase::in_doubt) return true;
  for (std::size_t i = 0; i < decider.state().steps.size(); ++i)
    for (const LiveItem& item : decider.state().steps[i].live)
      if (may_be_running(decider, static_cast<StepIndex>(i), item)) return true;
  return false;
}

/// Arms or dispatches one live item again.
void resume(Decider& decider, const TaskKey& task, const LiveItem& item) {
  if (item.phase == AttemptPhase::awaiting && item.due != kNever)
    decider.effect(SetTimer{TimerKind::task_deadline, task, item.due});
  if (item.phase != AttemptPhase::waiting) return;
  if (pauses(decider.type_of(task), item, decider.now())) {
    decider.effect(SetTimer{TimerKind::item_due, task, item.due});
  } else {
    decider.dispatch(task);
  }
}

/// A task whose configuration cannot be evaluated any more stops the run: nothing is dispatched after that.
void resume_steps(Decider& decider) {
  for (std::size_t i = 0; i < decider.state().steps.size(); ++i) {
    const auto step = static_cast<StepIndex>(i);
    const std::vector<LiveItem> live = decider.state().steps[i].live;
    if (const StepState& state = decider.state().steps[i]; state.status == Status::running && state.deadline != kNever)
      decider.effect(SetTimer{TimerKind::step_deadline, {decider.state().run, step}, state.deadline});
    for (const LiveItem& item : live) {
      if (decider.state().phase != RunPhase::forward) return;
      resume(decider, decider.key_of(step, item), item);
    }
  }
}

bool is_poison(const RunState& state) { return state.barren_recoveries > limits::kRecoveriesMax; }

Error poison(const RunState& state) {
  return {ErrorCode::poison,
          "taken over " + std::to_string(state.barren_recoveries) + " times without completing a task in between",
          false,
          {}};
}

}  // namespace

void cancel_live(Decider& decider) {
  for (std::size_t i = 0; i < decider.state().steps.size(); ++i) {
    const std::vector<LiveItem> live = decider.state().steps[i].live;
    for (const LiveItem& item : live)
      decider.emit(TaskCancelled{decider.key_of(static_cast<StepIndex>(i), item), decider.now()});
  }
}

// The take-over is recorded (a new epoch) only when something may have been running: a run that merely waits is picked
// up without a commit.
Result<Decision> decide_recover_run(const RunState& state, const RecoverRun&, const Context& context) {
  Decider decider(state, context);
  if (state.phase == RunPhase::ended) return decider.take();
  if (anything_may_be_running(decider)) decider.emit(RunRecovered{context.now});

  if (state.phase == RunPhase::stopping) {
    cancel_live(decider);
  } else if (state.phase == RunPhase::forward && is_poison(decider.state())) {
    decider.stop(Status::failed, poison(decider.state()));
    cancel_live(decider);
  } else {
    if (state.paused_at == kNever) decider.effect(SetTimer{TimerKind::run_deadline, {state.run}, state.deadline});
    resume_steps(decider);
    if (decider.state().compensation) {
      const LiveItem item = *decider.state().compensation;
      const TaskKey task = decider.key_of(decider.state().compensation_step, item, true);
      if (is_poison(decider.state()))
        decider.fail(task, poison(decider.state()), item.due);
      else
        resume(decider, task, item);
    }
  }
  decider.advance();
  return decider.take();
}

}  // namespace troupe
