#include "troupe/domain/workflow.hpp"

#include <array>

namespace troupe {
namespace {

constexpr std::array<std::string_view, 9> kStepTypes = {"noop",     "delay",  "http",     "exec",    "transform",
                                                        "generate", "signal", "approval", "workflow"};

}  // namespace

std::string_view step_type_text(StepType type) { return kStepTypes.at(static_cast<std::size_t>(type)); }

std::optional<StepType> step_type_from_text(std::string_view text) {
  if (text == "webhook") return StepType::http;
  for (std::size_t i = 0; i < kStepTypes.size(); ++i)
    if (kStepTypes[i] == text && !text.empty()) return static_cast<StepType>(i);
  return std::nullopt;
}

bool leaves_process(StepType type) { return type == StepType::exec; }

std::optional<StepIndex> WorkflowDefinition::find_step(std::string_view step) const {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].name == step) return static_cast<StepIndex>(i);
  return std::nullopt;
}

}  // namespace troupe
