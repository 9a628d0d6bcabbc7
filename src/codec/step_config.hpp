// What each step type takes as its `config`. Values with expressions are checked by the executor, once they are known;
// all others here, before anything runs.
#pragma once

#include <string>
#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

void check_step_config(StepType type, const Json& config, const std::string& pointer, std::vector<Fault>& faults);

}  // namespace troupe
