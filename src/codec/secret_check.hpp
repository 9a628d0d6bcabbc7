// Where a definition may name secrets: in the values of the `config` of a step, or of its compensation, that goes out
// of the server from a worker. All else is stored, hashed or shown, and a secret there would be, too.
#pragma once

#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// May the config of a step of this type hold `${secret:NAME}`? Not where the core itself reads it, or where it becomes
/// outputs, part of a file, or another job's inputs.
bool takes_secrets(StepType type);

/// A fault for each `${secret:…}` of the definition that stands elsewhere.
void refuse_misplaced_secrets(const Json& root, std::vector<Fault>& faults);

}  // namespace troupe
