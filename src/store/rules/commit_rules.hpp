// What every engine does alike with a Commit.
//
// The phases of a transaction, in this order; the first that fails decides the reply, and nothing is written:
//   1. fence         every shard has the demanded epoch and seq          else fenced
//   2. keys          no job_key and no idempotency row exists yet        else duplicates (all are named)
//   3. updates       every job to update or remove has the expected seq  else stale (all are named)
//   4. inserts       no primary key exists yet                           else refused
//                    (results and notables that exist already are left alone; parked rows and flags are replaced)
//   then what a sweep of retention deletes, and the hashes it leaves
#pragma once

#include <functional>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe::store {

/// Aborts on what only a programmer can get wrong: shards out of order, a job updated twice, a journal row of a shard
/// that does not advance, a parked job without a job.
void assert_well_formed(const Commit& commit);

/// The job that a change parks or unparks: that of its update, else of its insert.
JobId subject_of(const Change& change);

using FindJobKey = std::function<Result<std::optional<JobKeyRow>>(const JobKeyRow&)>;
using FindIdempotency = std::function<Result<std::optional<IdempotencyRow>>(const IdempotencyRow&)>;

/// Names every change whose key is taken, and by whom: by a row of the store, or by an earlier change of this commit.
Result<std::vector<CommitReply::Duplicate>> find_duplicates(const Commit& commit, const FindJobKey& find_job_key,
                                                            const FindIdempotency& find_idempotency);

}  // namespace troupe::store
