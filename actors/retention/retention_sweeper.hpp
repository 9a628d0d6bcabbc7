// Removes what has been kept for as long as its class says: ended jobs with all that belongs to them, kept answers, and
// blobs that no row names any more.
//
//   which jobs     in the order in which they were accepted, shard by shard, each is looked at once when it is as old
//   as
//                  the shortest class; what must stay longer waits in a table of its own (`retained`) until it is due
//   removal        a change like any other: through the persistence actor, in small transactions, with a record in the
//                  shard's own chain. A job whose trail is not whole is not removed
//   checkpoints    once as much was removed as is left (audit/retention.hpp), then the garbage
//
// Nothing of it is on the way of a job: no row and no statement of theirs knows of retention. A class that is much
// shorter than the others has its price: each job that stays longer is written to `retained` once. Not an actor,
// because it reads page after page: it runs on the blocking pool, one sweep at a time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <vector>

#include "actors/protocol/messages.hpp"
#include "audit/retention.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/log.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

struct RetentionOptions {
  Millis period{60'000};                  ///< between two sweeps; 0: nothing is ever removed
  Millis answers{24 * 3'600'000LL};       ///< how long the answer to an Idempotency-Key is kept
  Millis blobs{24 * 3'600'000LL};         ///< how long a blob that no row names is kept, since it was last stored
  Millis blobs_period{24 * 3'600'000LL};  ///< how often such are looked for
};

class RetentionSweeper {
 public:
  struct Ports {
    StoreReader& reader;
    BlobStore& blobs;
    Clock& clock;
    Log& log;
    std::string node;
    /// Has a change committed, and waits. An error where the store is away or the node stops.
    std::function<Result<Done>(const PersistPtr&)> commit;
    /// A job's class: that of its workflow's version. Blocks.
    std::function<Result<Millis>(const JobRow&)> retention_of;
    /// The shortest class of all workflows.
    std::function<Millis()> shortest;
    std::function<bool()> stopping;
  };

  RetentionSweeper(Ports ports, std::vector<ShardId> shards, RetentionOptions options)
      : ports_(std::move(ports)), shards_(std::move(shards)), options_(options) {}

  /// Everything that is due now. Blocks. What fails is tried again with the next sweep.
  void sweep();

 private:
  /// What is gathered for one transaction.
  struct Batch;

  Result<Done> sweep_shards();
  Result<Done> sweep_shard(const ShardState& shard);
  Result<Done> sweep_retained(SweepRow& row);
  Result<Done> sweep_accepted(SweepRow& row, std::uint64_t shard_seq);
  Result<Done> look_at(const JobId& job, Batch& batch);
  Result<Done> judge(const JobRow& job, Batch& batch);
  Result<Done> write(Batch& batch, SweepRow& row);
  Result<Done> make_checkpoint(SweepRow& row);
  Result<Done> delete_garbage(SweepRow& row);
  Result<Done> forget_answers();
  Result<Done> remove_blobs();
  Result<Done> commit(ShardId shard, Sweep sweep, std::vector<RecordDraft> records);

  const Ports ports_;
  const std::vector<ShardId> shards_;
  const RetentionOptions options_;
  /// Where the walk stands, so that it is not begun where there is nothing for it.
  struct Walk {
    Timestamp next_accepted = kNever;  ///< of the next job, which was too young
    std::uint64_t ended_at = 0;        ///< the shard's seq when there was none
  };
  std::map<ShardId, Walk> walks_;
  std::map<ShardId, Timestamp> no_checkpoint_before_;  ///< of shards that are not whole
  Digest answers_after_{};                             ///< where the look for old answers goes on
  Timestamp answers_due_ = kNever;                     ///< when the next begins
  Timestamp blobs_due_ = kNever;                       ///< kNever: this is the first sweep
};

}  // namespace troupe
