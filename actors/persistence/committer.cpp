#include "actors/persistence/committer.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace troupe {
namespace {

JobId job_of(const Persist& persist) { return persist.frame.job.value_or(JobId{}); }

/// How many of the first changes may be one transaction. A retry and a decision about an image that meet at a run which
/// has ended both follow its last change: only one of them can, and the other finds that when its turn comes.
std::size_t size_of_group(const std::vector<PersistPtr>& batch) {
  const std::size_t most = std::min(batch.size(), limits::kCommitChanges);
  std::unordered_set<JobId> updated;
  updated.reserve(most);
  for (std::size_t i = 0; i < most; ++i)
    if (const auto& update = batch[i]->change.update; update && !updated.insert(update->id).second) return i;
  return most;
}

/// Leaves in `group` only those whose index is not in `settled`.
void keep_others(std::vector<PersistPtr>& group, const std::set<std::size_t>& settled) {
  std::vector<PersistPtr> rest;
  for (std::size_t i = 0; i < group.size(); ++i)
    if (!settled.contains(i)) rest.push_back(std::move(group[i]));
  group = std::move(rest);
}

/// Is the row that was first there one of an earlier change of the group itself?
bool is_of_group(const CommitReply::Duplicate& duplicate, const std::vector<PersistPtr>& group) {
  const auto is_first = [&](const PersistPtr& earlier) {
    const Change& change = earlier->change;
    if (duplicate.job_key && change.job_key && change.job_key->id == duplicate.job_key->id) return true;
    return duplicate.idempotency && change.idempotency && change.idempotency->scope == duplicate.idempotency->scope &&
           change.idempotency->answer == duplicate.idempotency->answer;
  };
  return std::any_of(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(duplicate.change), is_first);
}

StoreObstacle obstacle_of(CommitStatus status) {
  if (status == CommitStatus::full) return StoreObstacle::full;
  return status == CommitStatus::read_only ? StoreObstacle::read_only : StoreObstacle::away;
}

Error away(const CommitReply& reply) {
  if (reply.status == CommitStatus::full) return {ErrorCode::disk_full, "the database's disk is full", true, {}};
  if (reply.status == CommitStatus::read_only)
    return {ErrorCode::store_unavailable, "the database can only be read: " + reply.error.message, true, {}};
  return {ErrorCode::store_unavailable, "the database does not answer: " + reply.error.message, true, {}};
}

/// The change's records, chained to `head`.
Persist::Link link_to(const ChainHead& head, const Persist& persist, Timestamp at) {
  Persist::Link link;
  link.head = head;
  link.row.chain = persist.frame.job ? persist.frame.job->as<ChainId>() : shard_chain(persist.shard);
  link.row.shard = persist.shard;
  link.hashes = append_records(link.head, persist.records, persist.frame, at, link.row);
  return link;
}

}  // namespace

void link_records(Persist& persist, Timestamp at) {
  if (persist.frame.job) persist.link = link_to(persist.head, persist, at);
}

Result<std::vector<ShardState>> Committer::acquire(const std::vector<ShardId>& shards) {
  auto states = writer_->acquire(shards, node_.node_name);
  if (!states) return states;
  for (const ShardState& state : *states) shards_[state.shard].state = state;
  return states;
}

void Committer::release() {
  if (in_doubt_ || node_.health.fenced) return;
  std::vector<ShardState> ours;
  for (const auto& [id, shard] : shards_) ours.push_back(shard.state);
  if (const auto released = writer_->release(ours); !released)
    node_.log.write(log::Level::warning, "the shards could not be handed back; the next start counts as after a crash",
                    {{"error", released.error().message}});
}

void Committer::open_jobs_found(const OpenJobsFound& found) {
  Shard& shard = shards_[found.shard];
  shard.open.insert(found.jobs.begin(), found.jobs.end());
  if (found.complete) shard.recovered = true;
}

std::vector<PersistPtr> Committer::commit(std::vector<PersistPtr> batch) {
  while (!batch.empty()) {
    const std::size_t size = in_doubt_ ? in_doubt_->heads.size() : size_of_group(batch);
    std::vector<PersistPtr> group(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(size));
    const bool known = !in_doubt_ || settle_doubt(group);
    const Progress progress = known ? commit_group(group) : Progress::store_away;
    batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(size));
    if (progress == Progress::store_away) {
      batch.insert(batch.begin(), group.begin(), group.end());
      refuse_accepts(batch);
    }
    hand_over();
    if (progress == Progress::store_away) break;
  }
  return batch;
}

Committer::Progress Committer::commit_group(std::vector<PersistPtr>& group) {
  while (!group.empty()) {
    Transaction transaction = assemble(group);
    const CommitReply reply = writer_->commit(transaction.commit);
    if (reply.status == CommitStatus::committed) {
      settle_committed(transaction, group);
      return Progress::settled;
    }
    if (reply.status == CommitStatus::unknown) {
      in_doubt_ = std::move(transaction);
      note_away(reply, group.size());
      if (!settle_doubt(group)) return Progress::store_away;
      continue;  // if it was committed after all, nothing is left
    }
    give_back_changes(transaction, group);
    switch (reply.status) {
      case CommitStatus::duplicates: return commit_after_duplicates(reply, group);
      case CommitStatus::stale: settle_stale(reply, group); break;
      case CommitStatus::refused: return bisect(reply.error, group);
      case CommitStatus::fenced:
        note_fenced(reply.error);
        for (const PersistPtr& persist : group) refuse(persist, {ErrorCode::fenced, reply.error.message, false, {}});
        group.clear();
        return Progress::settled;
      case CommitStatus::full:
      case CommitStatus::read_only:
      case CommitStatus::unavailable:
      default: note_away(reply, group.size()); return Progress::store_away;
    }
  }
  return Progress::settled;
}

Committer::Transaction Committer::assemble(std::vector<PersistPtr>& group) {
  Transaction transaction;
  std::map<ShardId, std::vector<Digest>> hashes;
  const Timestamp at = node_.clock.now();
  transaction.heads.reserve(group.size());
  transaction.commit.changes.reserve(group.size());
  if (group.empty() && !shards_.empty()) {  // a probe; every transaction moves some shard
    const auto& [id, shard] = *shards_.begin();
    ++transaction.shards_after.try_emplace(id, shard.state).first->second.seq;
  }
  for (const PersistPtr& persist : group) {
    TROUPE_ASSERT(shards_.contains(persist->shard), "a change of a shard that is not ours");
    auto [shard, fresh] = transaction.shards_after.try_emplace(persist->shard, shards_[persist->shard].state);
    if (fresh) ++shard->second.seq;
    if (!persist->frame.job) {
      persist->link = link_to({shard->second.chain_seq, shard->second.chain_head}, *persist, at);
      shard->second.chain_seq = persist->link->head.seq;
      shard->second.chain_head = persist->link->head.hash;
    }
    TROUPE_ASSERT(persist->link, "a job's change is asked for with its link");
    const ChainHead head = persist->link->head;

    Change change = std::move(persist->change);
    if (!persist->records.empty()) {
      auto& of_shard = hashes[persist->shard];
      JournalRow& row = change.journal.emplace(std::move(persist->link->row));
      row.transaction = shard->second.seq;
      row.position = static_cast<std::uint32_t>(of_shard.size());
      of_shard.insert(of_shard.end(), persist->link->hashes.begin(), persist->link->hashes.end());
    }
    if (change.sweep) change.sweep->set_transaction(shard->second.seq);
    if (change.insert) {
      change.insert->last_seq = head.seq;
      change.insert->head = head.hash;
    }
    if (change.update) {
      change.update->last_seq = head.seq;
      change.update->head = head.hash;
    }
    transaction.heads.push_back(head);
    transaction.commit.changes.push_back(std::move(change));
  }
  for (auto& [id, after] : transaction.shards_after) {
    const Shard& shard = shards_[id];
    after.head = advance_shard(shard.state.head, hashes[id]);
    after.low_water = low_water_with(shard, group, id);
    transaction.commit.shards.push_back(
        {id, shard.state.epoch, shard.state.seq, after.head, after.low_water, after.chain_seq, after.chain_head});
  }
  return transaction;
}

void Committer::give_back_changes(Transaction& transaction, std::vector<PersistPtr>& group) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    Change& change = group[i]->change = std::move(transaction.commit.changes[i]);
    if (change.journal) group[i]->link->row = *std::exchange(change.journal, std::nullopt);
  }
}

void Committer::settle_committed(Transaction& transaction, std::vector<PersistPtr>& group) {
  for (auto& [id, after] : transaction.shards_after) {
    after.epoch = shards_[id].state.epoch;
    shards_[id].state = after;
  }
  note(StoreObstacle::none);
  for (std::size_t i = 0; i < group.size(); ++i) {
    track_open_jobs(*group[i]);
    Persisted persisted;
    persisted.head = transaction.heads[i];
    if (auto& journal = transaction.commit.changes[i].journal) persisted.records = std::move(journal->records);
    settle(std::move(group[i]), std::move(persisted));
  }
  group.clear();
}

// Those whose key was first used by an earlier change of this very group are no duplicates yet: that change is not
// written, and may never be. They are tried again when it is.
Committer::Progress Committer::commit_after_duplicates(const CommitReply& reply, std::vector<PersistPtr>& group) {
  TROUPE_ASSERT(!reply.duplicates.empty(), "a store that reports duplicates names them");
  std::set<std::size_t> taken;
  std::vector<PersistPtr> later;
  for (const CommitReply::Duplicate& duplicate : reply.duplicates) {
    if (!taken.insert(duplicate.change).second) continue;
    if (is_of_group(duplicate, group)) {
      later.push_back(group[duplicate.change]);
      continue;
    }
    Persisted persisted;
    persisted.verdict = Persisted::Verdict::duplicate;
    persisted.duplicate = duplicate;
    settle(group[duplicate.change], std::move(persisted));
  }
  keep_others(group, taken);
  return commit_parts(std::move(group), std::move(later), group);
}

void Committer::settle_stale(const CommitReply& reply, std::vector<PersistPtr>& group) {
  const std::set<std::size_t> settled(reply.stale.begin(), reply.stale.end());
  TROUPE_ASSERT(!settled.empty(), "a store that reports stale updates names them");
  for (std::size_t index : settled)
    refuse(group[index], {ErrorCode::conflict, "the job was changed by someone else", false, {}});
  keep_others(group, settled);
}

Committer::Progress Committer::bisect(const Error& error, std::vector<PersistPtr>& group) {
  if (group.size() == 1) {
    node_.log.write(log::Level::error, "the database refuses a change",
                    {{"error", error.message}, {"job", to_string(job_of(*group[0]))}});
    refuse(group[0], {ErrorCode::store_refused, error.message, false, {}});
    group.clear();
    return Progress::settled;
  }
  const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
  return commit_parts({group.begin(), middle}, {middle, group.end()}, group);
}

Committer::Progress Committer::commit_parts(std::vector<PersistPtr> first, std::vector<PersistPtr> second,
                                            std::vector<PersistPtr>& group) {
  const Progress progress = commit_group(first);
  const Progress rest = progress == Progress::settled ? commit_group(second) : progress;
  group = std::move(first);
  group.insert(group.end(), second.begin(), second.end());
  return rest;
}

bool Committer::settle_doubt(std::vector<PersistPtr>& group) {
  const auto committed = was_committed(*in_doubt_);
  if (!committed) return false;
  Transaction transaction = *std::exchange(in_doubt_, std::nullopt);
  if (*committed)
    settle_committed(transaction, group);
  else
    give_back_changes(transaction, group);
  return true;
}

void Committer::probe() {
  std::vector<PersistPtr> nothing;
  if (in_doubt_ && !settle_doubt(nothing)) return;
  Transaction transaction = assemble(nothing);
  const CommitReply reply = writer_->commit(transaction.commit);
  if (reply.status == CommitStatus::committed)
    settle_committed(transaction, nothing);
  else if (reply.status == CommitStatus::unknown)
    in_doubt_ = std::move(transaction);
  else if (reply.status == CommitStatus::fenced)
    note_fenced(reply.error);
}

void Committer::note_fenced(const Error& error) {
  node_.health.fenced = true;
  node_.log.write(log::Level::error, "another node has taken over our shards", {{"error", error.message}});
}

void Committer::note_away(const CommitReply& reply, std::size_t changes) {
  note(obstacle_of(reply.status));
  away_ = away(reply);
  node_.log.write(log::Level::error, "a commit could not be written; it will be tried again",
                  {{"error", reply.error.message}, {"changes", changes}});
}

void Committer::refuse_accepts(std::vector<PersistPtr>& batch) {
  std::size_t doubtful = in_doubt_ ? in_doubt_->heads.size() : 0;
  std::erase_if(batch, [&](const PersistPtr& persist) {
    if (doubtful > 0) {
      --doubtful;
      return false;
    }
    if (persist->is_accept) refuse(persist, away_);
    return persist->is_accept;
  });
}

void Committer::note(StoreObstacle obstacle) {
  const StoreObstacle before = health_.obstacle.exchange(obstacle);
  if (before != StoreObstacle::none && obstacle == StoreObstacle::none)
    node_.log.write(log::Level::info, "the database can be written again", {});
}

std::optional<bool> Committer::was_committed(const Transaction& transaction) {
  std::vector<ShardId> ids;
  for (const auto& [id, after] : transaction.shards_after) ids.push_back(id);
  const auto states = writer_->acquire(ids, node_.node_name);
  if (!states) return std::nullopt;
  bool all = true;
  for (const ShardState& state : *states) {
    const ShardState& wanted = transaction.shards_after.at(state.shard);
    if (state.seq != wanted.seq || state.head != wanted.head) all = false;
    Shard& ours = shards_[state.shard];
    ours.state.epoch = state.epoch;
  }
  return all;
}

void Committer::track_open_jobs(const Persist& persist) {
  if (!persist.frame.job) return;
  std::set<JobId>& open = shards_[persist.shard].open;
  if (persist.opens)
    open.insert(*persist.frame.job);
  else
    open.erase(*persist.frame.job);
}

// Nothing that is open may be older than the mark. It may well be older than it could be: it only bounds a scan at
// start.
JobId Committer::low_water_with(const Shard& shard, const std::vector<PersistPtr>& group, ShardId id) const {
  std::optional<JobId> oldest;
  // Jobs that recovery has not come to are above the mark; those that were parked and are open now may be below it.
  if (!shard.recovered) oldest = shard.state.low_water;
  if (!shard.open.empty() && (!oldest || *shard.open.begin() < *oldest)) oldest = *shard.open.begin();
  for (const PersistPtr& persist : group) {
    if (persist->shard != id || !persist->frame.job || !persist->opens) continue;
    if (!oldest || *persist->frame.job < *oldest) oldest = *persist->frame.job;
  }
  return oldest.value_or(shard.state.low_water);
}

void Committer::refuse(const PersistPtr& persist, Error error) {
  Persisted persisted;
  persisted.verdict = Persisted::Verdict::refused;
  persisted.error = std::move(error);
  settle(persist, std::move(persisted));
}

void Committer::settle(PersistPtr persist, Persisted persisted) {
  --node_.health.changes_waiting;
  settled_.push_back({std::move(persist), std::move(persisted)});
}

void Committer::hand_over() {
  if (!settled_.empty()) complete_(std::exchange(settled_, {}));
}

}  // namespace troupe
