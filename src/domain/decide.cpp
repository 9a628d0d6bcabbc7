#include "decider.hpp"

namespace troupe {

Result<Decision> decide(const RunState& state, const Command& command, const Context& context) {
  struct Dispatch {
    const RunState& state;
    const Context& context;
    Result<Decision> operator()(const StartRun& c) const { return decide_start_run(state, c, context); }
    Result<Decision> operator()(const StartTask& c) const { return decide_start_task(state, c, context); }
    Result<Decision> operator()(const CompleteTask& c) const { return decide_complete_task(state, c, context); }
    Result<Decision> operator()(const FailTask& c) const { return decide_fail_task(state, c, context); }
    Result<Decision> operator()(const TaskStopped& c) const { return decide_task_stopped(state, c, context); }
    Result<Decision> operator()(const FireTimer& c) const { return decide_fire_timer(state, c, context); }
    Result<Decision> operator()(const CancelRun& c) const { return decide_cancel_run(state, c, context); }
    Result<Decision> operator()(const ReceiveSignal& c) const { return decide_receive_signal(state, c, context); }
    Result<Decision> operator()(const ReviewAssets& c) const { return decide_review_assets(state, c, context); }
    Result<Decision> operator()(const RecoverRun& c) const { return decide_recover_run(state, c, context); }
    Result<Decision> operator()(const ResolveDoubt& c) const { return decide_resolve_doubt(state, c, context); }
    Result<Decision> operator()(const AdmitRun& c) const { return decide_admit_run(state, c, context); }
  };
  TROUPE_ASSERT(state.steps.size() == context.workflow.steps.size(), "a run and its definition have the same steps");
  return std::visit(Dispatch{state, context}, command);
}

}  // namespace troupe
