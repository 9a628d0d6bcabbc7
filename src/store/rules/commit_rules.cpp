#include "store_rules/commit_rules.hpp"

#include <map>
#include <unordered_set>

namespace troupe::store {
namespace {

const ShardAdvance* advance_of(const Commit& commit, ShardId shard) {
  for (const ShardAdvance& advance : commit.shards)
    if (advance.shard == shard) return &advance;
  return nullptr;
}

}  // namespace

JobId subject_of(const Change& change) {
  if (change.update) return change.update->id;
  TROUPE_ASSERT(change.insert, "a change that parks or unparks names its job");
  return change.insert->id;
}

void assert_well_formed(const Commit& commit) {
  TROUPE_ASSERT(!commit.shards.empty(), "every transaction advances a shard");
  for (std::size_t i = 1; i < commit.shards.size(); ++i)
    TROUPE_ASSERT(commit.shards[i - 1].shard < commit.shards[i].shard, "shards are given in ascending order");

  std::unordered_set<JobId> updated;
  updated.reserve(commit.changes.size());
  for (const Change& change : commit.changes) {
    if (change.update) TROUPE_ASSERT(updated.insert(change.update->id).second, "a commit updates a job once");
    if (change.park) TROUPE_ASSERT(!subject_of(change).is_nil(), "a parked job has an id");
    if (!change.journal) continue;
    const ShardAdvance* advance = advance_of(commit, change.journal->shard);
    TROUPE_ASSERT(advance != nullptr && change.journal->transaction == advance->seq + 1,
                  "journal rows carry a shard of the commit and its seq afterwards");
  }
}

Result<std::vector<CommitReply::Duplicate>> find_duplicates(const Commit& commit, const FindJobKey& find_job_key,
                                                            const FindIdempotency& find_idempotency) {
  std::vector<CommitReply::Duplicate> duplicates;
  std::map<std::pair<std::string, std::string>, const JobKeyRow*> job_keys;
  std::map<Digest, const IdempotencyRow*> scopes;
  for (std::size_t i = 0; i < commit.changes.size(); ++i) {
    const Change& change = commit.changes[i];
    CommitReply::Duplicate duplicate{i, {}, {}};
    if (change.job_key) {
      auto stored = find_job_key(*change.job_key);
      if (!stored) return std::move(stored).error();
      const auto [earlier, fresh] =
          job_keys.try_emplace({change.job_key->client_id, change.job_key->job_id}, &*change.job_key);
      if (*stored) duplicate.job_key = std::move(*stored);
      else if (!fresh) duplicate.job_key = *earlier->second;
    }
    if (change.idempotency) {
      auto stored = find_idempotency(*change.idempotency);
      if (!stored) return std::move(stored).error();
      const auto [earlier, fresh] = scopes.try_emplace(change.idempotency->scope, &*change.idempotency);
      if (*stored) duplicate.idempotency = std::move(*stored);
      else if (!fresh) duplicate.idempotency = *earlier->second;
    }
    if (duplicate.job_key || duplicate.idempotency) duplicates.push_back(std::move(duplicate));
  }
  return duplicates;
}

}  // namespace troupe::store
