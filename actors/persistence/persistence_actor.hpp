// The one way to the store for changes.
//
//   Persist, Persist, Persist … ─► batch ─ Flush (queued behind all that waits) ─► Committer ─► one transaction
//                                            done() of each ◄─ CompletionActor ◄───┘
//
// Alone, a change waits for nobody: its Flush is the next message. While a commit is under way, everything that arrives
// piles up in the mailbox and becomes the next transaction, so batches grow by themselves under load.
// When the database is away, what must not be lost is kept and tried again with back-off; accepts are refused
// meanwhile.
#pragma once

#include <memory>

#include "actors/persistence/committer.hpp"
#include "actors/protocol/interfaces.hpp"

namespace troupe {

struct PersistenceState {
  std::unique_ptr<Committer> committer;
  NodeContext* node = nullptr;
  std::vector<PersistPtr> waiting;
  bool flush_sent = false;
  int failures = 0;  ///< in a row; decides the back-off
  std::vector<std::function<void()>> drains;
  CompletionActor completion;
  static inline const char* name = "persistence";
};

/// Spawn detached: commits block.
PersistenceActor::behavior_type persistence_actor(PersistenceActor::stateful_pointer<PersistenceState> self,
                                                  std::shared_ptr<std::unique_ptr<Committer>> committer,
                                                  CompletionActor completion, NodeContext* node);

}  // namespace troupe
