// From what an executor gave to what the run is told: assets get ids and become part of the outputs, and what is too
// large for a row goes to the blob store.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

/// Does reporting it need the blob store (so that it must not be done on a scheduler thread)?
bool needs_blobs(const TaskOutcome& outcome);

/// Blocks on the blob store if needs_blobs(). A failure to store turns the outcome into that failure.
TaskEndedPtr make_report(NodeContext& node, const Task& task, const std::string& worker, Timestamp started_at,
                         TaskOutcome outcome);

}  // namespace troupe
