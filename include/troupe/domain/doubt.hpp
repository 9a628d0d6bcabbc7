// Attempts of which nobody knows whether they were done.
#pragma once

#include <vector>

#include "troupe/domain/run.hpp"

namespace troupe {

/// An attempt that waits for a person to decide whether it was done.
struct Doubt {
  ItemIndex item = 0;
  AttemptNumber attempt = 1;
  bool compensation = false;
  Timestamp since = kNever;
};

/// Of the step, or of its undoing: the two are never under way at once.
std::vector<Doubt> doubts_of(const RunState& state, StepIndex step);

}  // namespace troupe
