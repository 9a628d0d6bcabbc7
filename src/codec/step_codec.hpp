// One step of a definition, as written, to its compiled form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/expression_check.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {

/// What `defaults` says for every step that does not say it itself.
struct StepDefaults {
  RetryPolicy retry;
  std::optional<Millis> timeout;
};

StepDefaults read_step_defaults(const Json& value, const std::string& pointer, std::vector<Fault>& faults);

/// Adds the step to the draft, whatever its faults, so that positions stay those of the document.
void read_step(const Json& value, const std::string& pointer, const StepDefaults& defaults,
               ExpressionCheck& expressions, WorkflowDraft& draft, std::vector<Fault>& faults);

}  // namespace troupe
