// The log's lines about a run: what happened, once it is committed. Failures are told at any time; that a run or a step
// went well only to who asks for `debug`.
#pragma once

#include <vector>

#include "actors/protocol/messages.hpp"
#include "troupe/port/log.hpp"

namespace troupe {

void log_events(Log& log, const JobFacts& job, const WorkflowDefinition& workflow, const RunState& after,
                const std::vector<Event>& events);

}  // namespace troupe
