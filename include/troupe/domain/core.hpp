// The run state machine's two functions, and how a run's first state is made. See domain/run.hpp for the vocabulary.
#pragma once

#include "troupe/base/clock.hpp"
#include "troupe/base/result.hpp"
#include "troupe/domain/evaluator.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// What a decision may depend on besides the state and the command.
struct Context {
  const WorkflowDefinition& workflow;
  Evaluator& evaluator;
  Random& random;  ///< for jitter
  Timestamp now;
};

/// Refuses with `job_finished` (cancel after the end) and `conflict` (an outcome that no longer counts: an old attempt
/// or epoch, or a task that is not live). A refused command changes nothing.
Result<Decision> decide(const RunState& state, const Command& command, const Context& context);

/// What refuses to change a run that has ended, or its job.
Error ended_error(Status status);

/// Does the outcome of this task still count: right run, epoch and attempt, neither done nor given up?
bool is_live(const RunState& state, const TaskKey& task);

/// Is nothing done for the item until its time has come: a delay, or the pause before another attempt? A first attempt
/// has none: if its time seems to be ahead, the clock was set back.
bool pauses(StepType type, const LiveItem& item, Timestamp now);

/// Total: an event that does not fit the state is a programmer's error only where memory safety is at stake.
void apply(RunState& state, const Event& event, const WorkflowDefinition& workflow);

/// A run's state before StartRun.
RunState make_run(RunId run, std::uint32_t number, const WorkflowDefinition& workflow, Timestamp accepted_at,
                  Millis timeout);

/// The state of a new run of an ended job. Results of steps that succeeded (and were not undone) are reused, except
/// `from_step` and all that needs it or another step that is done again, directly or not; without `from_step` nothing
/// is reused. Steps are matched by name; one that got or lost its `for_each`, or has failed items and does not collect
/// them any more, is done again. Refuses with `job_not_finished`, or `validation_failed` when from_step does not exist
/// in the new definition.
Result<RunState> make_retry(const RunState& ended, const WorkflowDefinition& old_workflow,
                            const WorkflowDefinition& new_workflow, RunId run,
                            const std::optional<std::string>& from_step, Timestamp accepted_at, Millis timeout);

/// Is an attempt that failed so worth another one, as far as the policy goes (but for the number of attempts)?
bool is_retried(const RetryPolicy& policy, const Error& error);

/// The wait before attempt `failed + 1`. Never negative, never above policy.max.
Millis retry_delay(const RetryPolicy& policy, AttemptNumber failed, Random& random);

}  // namespace troupe
