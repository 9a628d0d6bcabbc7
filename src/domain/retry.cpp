#include <algorithm>
#include <cmath>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

/// May the new run take over what this step gave? Not if it was undone.
bool is_reusable(const StepState& step) {
  return step.status == Status::skipped || (step.status == Status::success && step.compensated.count() == 0);
}

/// Could the step have given this? A list of results is nothing that one without for_each could, nor the other way
/// round; nor are failures among them, unless it collects failures.
bool could_give(const StepDefinition& step, const StepDefinition& earlier, const StepState& gave) {
  return step.for_each.empty() == earlier.for_each.empty() && (gave.failed.count() == 0 || step.collects_failures());
}

/// What the earlier run knows of each step of the new definition, by name; null where there is nothing to take over.
std::vector<const StepState*> find_reusable(const RunState& ended, const WorkflowDefinition& old_workflow,
                                            const WorkflowDefinition& new_workflow, StepIndex from) {
  std::vector<const StepState*> reusable(new_workflow.steps.size(), nullptr);
  for (std::size_t i = 0; i < reusable.size(); ++i) {
    const auto old_index = old_workflow.find_step(new_workflow.steps[i].name);
    if (i != from && old_index && is_reusable(ended.steps[*old_index]) &&
        could_give(new_workflow.steps[i], old_workflow.steps[*old_index], ended.steps[*old_index]))
      reusable[i] = &ended.steps[*old_index];
  }
  // What needs a step that is done again is done again itself: its results came from results that no longer stand.
  for (bool shrank = true; shrank;) {
    shrank = false;
    for (std::size_t i = 0; i < reusable.size(); ++i) {
      const auto& needs = new_workflow.steps[i].needs;
      const auto stands = [&](StepIndex need) { return reusable[need] != nullptr; };
      if (reusable[i] == nullptr || std::all_of(needs.begin(), needs.end(), stands)) continue;
      reusable[i] = nullptr;
      shrank = true;
    }
  }
  return reusable;
}

}  // namespace

bool is_retried(const RetryPolicy& policy, const Error& error) {
  const auto names = [&](const std::vector<ErrorCode>& codes) {
    return std::find(codes.begin(), codes.end(), error.code) != codes.end();
  };
  if (names(policy.never_on)) return false;
  return policy.on.empty() ? error.retryable : names(policy.on);
}

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
  const std::vector<const StepState*> reusable = find_reusable(ended, old_workflow, new_workflow, *from);
  std::vector<std::pair<std::uint32_t, std::size_t>> reused;  // by the order in which they had succeeded
  for (std::size_t i = 0; i < new_workflow.steps.size(); ++i) {
    if (reusable[i] == nullptr) continue;
    const StepState& old = *reusable[i];
    StepState& step = state.steps[i];
    step = old;
    step.deadline = kNever;
    step.result_run = old.result_run.is_nil() ? ended.run : old.result_run;
    if (old.status == Status::success) reused.emplace_back(old.order, i);
  }
  std::sort(reused.begin(), reused.end());
  for (const auto& [order, index] : reused) state.steps[index].order = ++state.steps_succeeded;
  return state;
}

}  // namespace troupe
