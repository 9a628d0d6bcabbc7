#include "decider.hpp"

namespace troupe {

Result<Decision> decide_fail_task(const RunState& state, const FailTask& command, const Context& context) {
  Decider decider(state, context);
  if (!decider.is_worked_on(command.task)) return not_live(command.task);
  decider.fail(command.task, command.error, command.started_at);
  decider.advance();
  return decider.take();
}

}  // namespace troupe
