#include <algorithm>
#include <cmath>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

/// The step and all that needs it, directly or not.
std::vector<bool> step_and_descendants(const WorkflowDefinition& workflow, StepIndex from) {
  std::vector<bool> marked(workflow.steps.size(), false);
  marked[from] = true;
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
      const auto& needs = workflow.steps[i].needs;
      if (marked[i] || std::none_of(needs.begin(), needs.end(), [&](StepIndex need) { return marked[need]; })) continue;
      marked[i] = grew = true;
    }
  }
  return marked;
}

/// May the new run take over what this step gave? Not if it was undone.
bool is_reusable(const StepState& step) {
  return step.status == Status::skipped || (step.status == Status::success && step.compensated.count() == 0);
}

}  // namespace

Millis retry_delay(const RetryPolicy& policy, AttemptNumber failed, Random& random) {
  const double initial = static_cast<double>(policy.initial.count());
  double wait = initial;
  if (policy.backoff == Backoff::linear) wait = initial * failed;
  if (policy.backoff == Backoff::exponential) wait = initial * std::pow(policy.factor, failed - 1);
  wait = std::clamp(wait, 0.0, static_cast<double>(policy.max.count()));
  if (policy.jitter == Jitter::full) wait *= static_cast<double>(random.next() >> 11) * 0x1.0p-53;
  return Millis(static_cast<std::int64_t>(wait));
}

Result<RunState> make_retry(const RunState& ended, const WorkflowDefinition& old_workflow,
                            const WorkflowDefinition& new_workflow, RunId run,
                            const std::optional<std::string>& from_step, Timestamp accepted_at, Millis timeout) {
  if (ended.phase != RunPhase::ended) return {ErrorCode::job_not_finished, "the newest run has not ended"};
  RunState state = make_run(run, ended.number + 1, new_workflow, accepted_at, timeout);
  if (!from_step) return state;

  const auto from = new_workflow.find_step(*from_step);
  if (!from) {
    return Error{ErrorCode::validation_failed,
                 "the workflow has no step of this name",
                 false,
                 {{"/from_step", "\"" + *from_step + "\" is not a step of " + new_workflow.key}}};
  }
  const std::vector<bool> again = step_and_descendants(new_workflow, *from);
  std::vector<std::pair<std::uint32_t, std::size_t>> reused;  // by the order in which they had succeeded
  for (std::size_t i = 0; i < new_workflow.steps.size(); ++i) {
    const auto old_index = old_workflow.find_step(new_workflow.steps[i].name);
    if (again[i] || !old_index) continue;
    const StepState& old = ended.steps[*old_index];
    if (!is_reusable(old)) continue;
    StepState& step = state.steps[i];
    step = old;
    step.result_run = old.result_run.is_nil() ? ended.run : old.result_run;
    if (old.status == Status::success) reused.emplace_back(old.order, i);
  }
  std::sort(reused.begin(), reused.end());
  for (const auto& [order, index] : reused) state.steps[index].order = ++state.steps_succeeded;
  return state;
}

}  // namespace troupe
