// What a `config` asks for that no attempt could ever do. Looked at when a definition comes in: one that is stored
// stays usable, and its steps fail as they did.
#pragma once

#include <vector>

#include "codec/workflow_codec.hpp"

namespace troupe {

void refuse_hopeless_configs(const WorkflowDefinition& workflow, const HasCommand& has_command,
                             std::vector<Fault>& faults);

}  // namespace troupe
