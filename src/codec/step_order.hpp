// Which steps have ended for certain when another begins: so that an expression that could only see nothing is told
// where it stands.
#pragma once

#include <string>
#include <vector>

#include "troupe/domain/validation.hpp"

namespace troupe {

/// `.steps.NAME` of a step that there is.
struct StepReference {
  std::size_t step = 0;  ///< whose expression it is
  std::string other;     ///< NAME
  std::string pointer;
  std::string jq;  ///< as messages show it
};

/// A fault for each reference to a step that may not have ended by then. The draft is resolved (domain/validation.hpp);
/// where it has faults that leave the order open, nothing is told.
void refuse_unseen_steps(const std::vector<StepReference>& references, const WorkflowDraft& draft,
                         std::vector<Fault>& faults);

}  // namespace troupe
