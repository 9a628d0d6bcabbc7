#include "decider.hpp"

namespace troupe {

Result<Decision> decide_start_run(const RunState& state, const StartRun&, const Context& context) {
  Decider decider(state, context);
  decider.emit(RunStarted{context.now, state.deadline});
  decider.effect(SetTimer{TimerKind::run_deadline, {state.run}, state.deadline});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
