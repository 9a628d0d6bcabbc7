// The way out for a run that nothing can be decided about any more.
#pragma once

#include "troupe/domain/core.hpp"

namespace troupe {

/// Ends the run as failed with `why`, whatever it was at, and asks the evaluator nothing: each try to carry it on has
/// crashed. What was done is not undone; the error lists that (compensation_incomplete). Of a run that has ended there
/// is nothing to decide.
Decision give_up(const RunState& state, const Error& why, const Context& context);

}  // namespace troupe
