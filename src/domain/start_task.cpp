#include "decider.hpp"

namespace troupe {

// Most steps start softly: nothing is committed, only the clock of the attempt begins to run. A step whose work leaves
// the process, or must not be done twice, commits its start and is let go only then.
Result<Decision> decide_start_task(const RunState& state, const StartTask& command, const Context& context) {
  Decider decider(state, context);
  if (!decider.is_worked_on(command.task) || decider.find_live(command.task)->phase == AttemptPhase::in_doubt)
    return not_live(command.task);
  if (state.phase == RunPhase::stopping) return not_live(command.task);

  const Timestamp deadline = context.now + decider.timeout_of(command.task);
  const StepDefinition& step = decider.definition(command.task.step);
  if (step.commits_start(command.task.compensation))
    decider.emit(TaskStarted{command.task, command.worker, context.now, deadline});
  decider.effect(AdmitTask{command.task});
  decider.effect(SetTimer{TimerKind::task_deadline, command.task, deadline});
  if (!command.task.compensation && step.heartbeat > Millis(0))
    decider.effect(SetTimer{TimerKind::heartbeat, command.task, context.now + step.heartbeat});
  return decider.take();
}

}  // namespace troupe
