// Audit records read back as the events of their run: the trail tells every decision whole, so whoever checks the trail
// checks what the node decided, whatever it was asked. docs/audit.md is the grammar.
#pragma once

#include <functional>
#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/run.hpp"

namespace troupe::sim {

/// Of one commit's records, in order. A record's time is that of the commit, a moment after the decision: where the
/// decision's matters, it is taken from the run's states before (null: there was none) and after the commit. Throws
/// Violation for an action it does not know, or a step that there is not. `images` are those that an approval asks for.
using ImagesAskedFor = std::function<std::vector<AssetId>(StepIndex approval)>;
std::vector<Event> events_of_records(const std::vector<Json>& records, const RunState* before, const RunState& after,
                                     const WorkflowDefinition& workflow, const ImagesAskedFor& images);

}  // namespace troupe::sim
