#include <algorithm>

#include "decider.hpp"

namespace troupe {
namespace {

constexpr std::size_t kStepsNamed = 3;  ///< in an error

bool may_be_running(const Decider& decider, StepIndex step, const LiveItem& item) {
  if (item.phase == AttemptPhase::started) return true;
  return item.phase == AttemptPhase::waiting && !pauses(decider.definition(step).type, item, decider.now());
}

/// The steps of which something may be running, or being undone.
std::vector<StepIndex> steps_at_work(const Decider& decider) {
  std::vector<StepIndex> steps;
  for (StepIndex step = 0; step < decider.state().steps.size(); ++step) {
    const auto& live = decider.state().steps[step].live;
    if (std::ranges::any_of(live, [&](const LiveItem& item) { return may_be_running(decider, step, item); }))
      steps.push_back(step);
  }
  const auto& undoing = decider.state().compensation;
  if (undoing && undoing->phase != AttemptPhase::in_doubt) steps.push_back(decider.state().compensation_step);
  return steps;
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

Error poison(const Decider& decider, const std::vector<StepIndex>& at_work) {
  std::string what = "the server went down " + std::to_string(decider.state().barren_recoveries) +
                     " times in a row while the run was at work, without a step done in between; at work was";
  for (std::size_t i = 0; i < at_work.size() && i < kStepsNamed; ++i)
    what += (i == 0 ? " step \"" : ", \"") + decider.definition(at_work[i]).name + '"';
  if (at_work.size() > kStepsNamed) what += " and " + std::to_string(at_work.size() - kStepsNamed) + " more";
  return {ErrorCode::poison, std::move(what), false, {}};
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
Result<Decision> decide_recover_run(const RunState& state, const RecoverRun& command, const Context& context) {
  Decider decider(state, context);
  if (state.phase == RunPhase::ended) return decider.take();
  const std::vector<StepIndex> at_work = steps_at_work(decider);
  if (!at_work.empty()) decider.emit(RunRecovered{context.now, command.handed_back});

  if (state.phase == RunPhase::stopping) {
    cancel_live(decider);
  } else if (state.phase == RunPhase::forward && is_poison(decider.state())) {
    decider.stop(Status::failed, poison(decider, at_work));
    cancel_live(decider);
  } else {
    if (state.paused_at == kNever) decider.effect(SetTimer{TimerKind::run_deadline, {state.run}, state.deadline});
    resume_steps(decider);
    if (decider.state().compensation) {
      const LiveItem item = *decider.state().compensation;
      const TaskKey task = decider.key_of(decider.state().compensation_step, item, true);
      if (is_poison(decider.state()))
        decider.fail(task, poison(decider, at_work), item.due);
      else
        resume(decider, task, item);
    }
  }
  decider.advance();
  return decider.take();
}

}  // namespace troupe
