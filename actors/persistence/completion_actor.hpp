// Tells those who wait for a commit what became of it: answers clients, wakes runs. Runs on the scheduler's threads, so
// that the next transaction begins before everyone has been told of the last.
#pragma once

#include "actors/protocol/interfaces.hpp"

namespace troupe {

/// Calls `done` of each, in order.
void complete(std::vector<Completion>& changes);

struct CompletionState {
  static inline const char* name = "completion";
};

CompletionActor::behavior_type completion_actor(CompletionActor::stateful_pointer<CompletionState> self);

}  // namespace troupe
