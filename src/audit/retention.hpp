// What retention removes, and how the audit trail stays whole without it.
//
//   a job is removed    its journal rows become stubs: hashes in place of records. A record of the shard's own chain,
//                       `retention.removed`, is its tombstone: id, last seq and head
//   a shard's head      is computed from records and stubs alike; a stub of a job without a tombstone is a fault
//   a checkpoint        (`retention.checkpoint`) keeps the shard's head after a transaction, so that what was removed
//                       before it needs no stubs any more. Of what it leaves, the records of jobs that still exist, it
//                       keeps a digest: so none of these can be dropped unseen
//
// Whatever a checkpoint makes superfluous is garbage (is_garbage) and is deleted afterwards, at leisure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

struct Tombstone {
  JobId job;
  ChainHead head;
  Millis retention{0};  ///< that the job had; told, not checked
};

RecordDraft removal_record(const std::vector<Tombstone>& jobs);
RecordDraft checkpoint_record(const Checkpoint& checkpoint);

/// The stubs of a job's journal rows, whose chain is verified first.
struct JobStubs {
  std::vector<JournalStub> stubs;
  std::string fault;  ///< not empty: the chain is not whole, and must not be removed
};
Result<JobStubs> make_stubs(StoreReader& reader, const JobRow& job);

/// A checkpoint of a shard, after a transaction that is not before its last one. The whole shard is verified on the
/// way, up to its newest transaction; `stopping` is asked now and then.
struct CheckpointPlan {
  Checkpoint checkpoint;
  std::uint64_t kept = 0;  ///< journal rows that there are
  std::string fault;       ///< not empty: the shard is not whole, and there must be no checkpoint
};
Result<CheckpointPlan> plan_checkpoint(StoreReader& reader, const ShardState& shard, std::uint64_t transaction,
                                       const std::function<bool()>& stopping);

/// Is the row garbage, given the shard's checkpoint? A stub is, if it was made before the checkpoint and lies before
/// it; and so is a record of retention in the shard's own chain.
bool is_garbage(const JournalStub& stub, const Checkpoint& checkpoint);
bool is_garbage(const JournalRow& row, const Checkpoint& checkpoint);

}  // namespace troupe
