// Group commit: turns a batch of waiting changes into transactions and settles each of them. Plain code without actors,
// so that its rules (bisecting, duplicates, unknown outcomes) are tested by plain calls. Owned by the persistence
// actor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Makes the link of a job's change. Those of a shard's own chain get theirs when their turn comes.
void link_records(Persist& persist, Timestamp at);

class Committer {
 public:
  /// `complete` is called when some changes are settled, often those of one transaction, in their order.
  /// `health` is what it tells of itself.
  Committer(std::unique_ptr<StoreWriter> writer, NodeContext& node, WriterHealth& health,
            std::function<void(std::vector<Completion>)> complete)
      : writer_(std::move(writer)), node_(node), health_(health), complete_(std::move(complete)) {}

  /// Takes the shards for this node (their epochs move). Called at start, before anything is committed.
  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards);
  /// Hands them back, after the last commit. What is in doubt then was not ended in good order.
  void release();

  /// Recovery: open jobs that exist in the store. Until a shard's recovery is complete its low-water mark stays.
  void open_jobs_found(const OpenJobsFound& found);

  /// Commits the batch and completes everything that is settled. What could not be tried for want of the database
  /// is given back, in order, to be tried again later, with what arrives meanwhile behind it. Accepts among it are
  /// refused at once, because a client can retry; but not those whose commit may have been written: they are settled
  /// when the truth is known.
  std::vector<PersistPtr> commit(std::vector<PersistPtr> batch);

  /// After a failure, when nothing waits: finds out by an empty transaction whether the store can be written again.
  /// Without this a node that takes no work because the store was away would never notice that it is back.
  void probe();

  /// Whether the last commit could be written.
  bool can_write() const { return health_.obstacle == StoreObstacle::none; }
  WriterHealth& health() { return health_; }

 private:
  enum class Progress : std::uint8_t { settled, store_away };

  struct Shard {
    ShardState state;
    std::set<JobId> open;
    bool recovered = false;
  };
  /// One transaction, ready to be sent, and what follows if it is committed.
  struct Transaction {
    Commit commit;
    std::vector<ChainHead> heads;  ///< by change
    std::map<ShardId, ShardState> shards_after;
  };

  void note_fenced(const Error& error);
  Progress commit_group(std::vector<PersistPtr>& group);
  Transaction assemble(std::vector<PersistPtr>& group);
  void give_back_changes(Transaction& transaction, std::vector<PersistPtr>& group);
  /// The first part, then the second. What could not be tried is left in the group.
  Progress commit_parts(std::vector<PersistPtr> first, std::vector<PersistPtr> second, std::vector<PersistPtr>& group);
  void settle_committed(Transaction& transaction, std::vector<PersistPtr>& group);
  Progress commit_after_duplicates(const CommitReply& reply, std::vector<PersistPtr>& group);
  void settle_stale(const CommitReply& reply, std::vector<PersistPtr>& group);
  Progress bisect(const Error& error, std::vector<PersistPtr>& group);
  /// Finds out what became of the transaction in doubt, and settles its group or makes it ready to be committed again.
  /// False: it cannot be known yet.
  bool settle_doubt(std::vector<PersistPtr>& group);
  void note_away(const CommitReply& reply, std::size_t changes);
  void note(StoreObstacle obstacle);
  void refuse_accepts(std::vector<PersistPtr>& batch);
  /// After a lost connection at COMMIT: bumps the epochs (which waits for the lost transaction) and compares heads.
  std::optional<bool> was_committed(const Transaction& transaction);
  void track_open_jobs(const Persist& persist);
  JobId low_water_with(const Shard& shard, const std::vector<PersistPtr>& group, ShardId id) const;
  void settle(PersistPtr persist, Persisted persisted);
  void refuse(const PersistPtr& persist, Error error);
  void hand_over();

  std::unique_ptr<StoreWriter> writer_;
  NodeContext& node_;
  WriterHealth& health_;
  const std::function<void(std::vector<Completion>)> complete_;
  std::map<ShardId, Shard> shards_;
  std::optional<Transaction> in_doubt_;  ///< of the first changes of the batch that was given back last
  Error away_;                           ///< why the database could not be written last
  std::vector<Completion> settled_;      ///< not yet handed over
};

}  // namespace troupe
