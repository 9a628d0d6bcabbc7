// What a retry must not take over from the run before it: a step whose undoing would undo something else than was done.
#pragma once

#include <optional>

#include "troupe/base/error.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// `retry` as make_retry gave it, from a run of `old_workflow`. Undoing is rendered with the new run's inputs and
/// definition, not with those that the step was done with. Names every step at fault: `/inputs` where the inputs
/// changed, `/workflow_version` where the step is undone in another way.
std::optional<Error> refuse_reuse(const RunState& retry, const WorkflowDefinition& old_workflow,
                                  const WorkflowDefinition& new_workflow, bool inputs_changed);

}  // namespace troupe
