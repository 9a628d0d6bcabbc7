#include "decider.hpp"

namespace troupe {

Result<Decision> decide_cancel_run(const RunState& state, const CancelRun& command, const Context& context) {
  if (state.phase == RunPhase::ended) return ended_error(state.status);
  Decider decider(state, context);
  decider.stop(Status::cancelled, {command.code, command.reason, false, {}});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
