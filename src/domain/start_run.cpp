#include "decider.hpp"

namespace troupe {

Result<Decision> decide_start_run(const RunState& state, const StartRun& command, const Context& context) {
  Decider decider(state, context);
  decider.emit(RunStarted{context.now, state.deadline});
  decider.effect(SetTimer{TimerKind::run_deadline, {state.run}, state.deadline});
  if (command.hold) decider.emit(RunHeld{context.now});
  decider.advance();
  return decider.take();
}

Result<Decision> decide_admit_run(const RunState& state, const AdmitRun&, const Context& context) {
  Decider decider(state, context);
  if (!state.held) return decider.take();  // cancelled or timed out meanwhile, or told twice
  decider.emit(RunAdmitted{context.now});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
