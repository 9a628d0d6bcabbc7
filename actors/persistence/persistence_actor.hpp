// The one way to the store for changes.
//
//   Persist, Persist, Persist … ─► ChangeQueue ─ Flush ─► Committer ─► one transaction
//                   done() of each ◄─ CompletionActor ◄───┘
//
// Alone, a change waits for nobody: it comes with a Flush. While a commit is under way, everything that arrives piles
// up in the queue and becomes the next transaction, so batches grow by themselves under load. When the database is
// away, what must not be lost is kept and tried again with back-off; accepts are refused meanwhile.
#pragma once

#include <memory>

#include "actors/persistence/committer.hpp"
#include "actors/protocol/interfaces.hpp"

namespace troupe {

struct PersistenceState {
  ~PersistenceState() {
    if (queue) queue->close();
  }

  std::unique_ptr<Committer> committer;
  NodeContext* node = nullptr;
  std::shared_ptr<ChangeQueue> queue;
  std::vector<PersistPtr> waiting;  ///< taken from the queue and not yet settled
  int failures = 0;                 ///< in a row; decides the back-off
  std::vector<std::function<void()>> drains;
  bool release = false;  ///< hand the shards back before these are called
  CompletionActor completion;
  static inline const char* name = "persistence";
};

/// Spawn detached: commits block.
PersistenceActor::behavior_type persistence_actor(PersistenceActor::stateful_pointer<PersistenceState> self,
                                                  std::shared_ptr<std::unique_ptr<Committer>> committer,
                                                  std::shared_ptr<ChangeQueue> queue, CompletionActor completion,
                                                  NodeContext* node);

}  // namespace troupe
