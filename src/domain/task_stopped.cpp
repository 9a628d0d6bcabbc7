#include "decider.hpp"

namespace troupe {

// Stopped because the run asked. If the run did not (its worker is going down), nothing is decided here: the node that
// takes the run over starts the task again.
Result<Decision> decide_task_stopped(const RunState& state, const TaskStopped& command, const Context& context) {
  Decider decider(state, context);
  if (!decider.is_worked_on(command.task)) return not_live(command.task);
  if (state.phase != RunPhase::stopping) return decider.take();
  decider.emit(TaskCancelled{command.task, context.now, command.started_at});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
