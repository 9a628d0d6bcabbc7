// What a step gives whose work was a job of its own.
#pragma once

#include "troupe/port/executor.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Of an ended job. Outputs: the job's, and its `job_id` (which wins over an output of that name); where the job's
/// outputs are no object, they are `value`. Fails with sub_workflow_failed: retryable where the job's own error is, and
/// never where the job was cancelled.
TaskOutcome child_outcome(const JobRow& job);

}  // namespace troupe
