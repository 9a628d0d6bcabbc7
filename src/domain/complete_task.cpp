#include "decider.hpp"

namespace troupe {

Result<Decision> decide_complete_task(const RunState& state, const CompleteTask& command, const Context& context) {
  Decider decider(state, context);
  if (!decider.is_worked_on(command.task)) return not_live(command.task);
  decider.emit(TaskCompleted{command.task, context.now, command.started_at});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
