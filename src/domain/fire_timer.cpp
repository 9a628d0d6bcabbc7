#include "decider.hpp"

namespace troupe {
namespace {

void run_deadline(Decider& decider) {
  if (decider.now() < decider.state().deadline) return;
  const Millis allowed = decider.state().deadline - decider.state().accepted_at;
  decider.stop(Status::failed,
               {ErrorCode::run_timeout, "the run took longer than " + format_duration(allowed), false, {}});
}

void item_due(Decider& decider, const TaskKey& task) {
  const LiveItem* live = decider.find_live(task);
  if (live == nullptr || live->phase != AttemptPhase::waiting || live->due > decider.now()) return;
  const bool stopping = decider.state().phase == RunPhase::stopping;
  if (stopping) return;
  if (decider.type_of(task) == StepType::delay) {
    decider.emit(TaskCompleted{task, decider.now(), kNever});
  } else {
    decider.dispatch(task);
  }
}

void task_deadline(Decider& decider, const TaskKey& task) {
  if (!decider.is_live(task) || decider.state().phase == RunPhase::stopping) return;
  const Millis allowed = decider.timeout_of(task);
  decider.effect(StopTask{task});
  decider.fail(task, {ErrorCode::step_timeout, "the step took longer than " + format_duration(allowed), true, {}},
               decider.now() - allowed);
}

}  // namespace

// A timer that comes too late (its task has ended, its attempt is an old one) decides nothing.
Result<Decision> decide_fire_timer(const RunState& state, const FireTimer& command, const Context& context) {
  Decider decider(state, context);
  if (state.phase == RunPhase::ended) return decider.take();
  switch (command.kind) {
    case TimerKind::run_deadline: run_deadline(decider); break;
    case TimerKind::item_due: item_due(decider, command.task); break;
    case TimerKind::task_deadline: task_deadline(decider, command.task); break;
  }
  decider.advance();
  return decider.take();
}

}  // namespace troupe
