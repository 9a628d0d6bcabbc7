// What each step type takes as its `config`. Values with expressions are checked by the executor, once they are known;
// all others here, before anything runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

constexpr std::size_t kPromptCharsMax = 2000;  ///< of a `generate` step
/// Of a `generate` step, in the order of generate::Style.
constexpr std::string_view kGenerateStyles[] = {"flow",    "landscape", "stained-glass", "marble",
                                                "bauhaus", "starry",    "papercut"};
std::string generate_style_list();  ///< for messages

void check_step_config(StepType type, const Json& config, const std::string& pointer, std::vector<Fault>& faults);

}  // namespace troupe
