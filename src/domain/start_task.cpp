#include "decider.hpp"

namespace troupe {

// Most steps start softly: nothing is committed, only the clock of the attempt begins to run. A step whose work leaves
// the process, or must not be done twice, commits its start and is let go only then.
Result<Decision> decide_start_task(const RunState& state, const StartTask& command, const Context& context) {
  Decider decider(state, context);
  const LiveItem* live = decider.find_live(command.task);
  if (live == nullptr || live->phase == AttemptPhase::in_doubt) return not_live(command.task);
  if (state.phase == RunPhase::stopping) return not_live(command.task);

  const Timestamp deadline = context.now + decider.timeout_of(command.task);
  if (leaves_process(decider.type_of(command.task)) || !decider.definition(command.task.step).idempotent)
    decider.emit(TaskStarted{command.task, command.worker, context.now, deadline});
  decider.effect(AdmitTask{command.task});
  decider.effect(SetTimer{TimerKind::task_deadline, command.task, deadline});
  return decider.take();
}

}  // namespace troupe
