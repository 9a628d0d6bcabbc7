#include "audit/shard_verifier.hpp"

#include <algorithm>

#include "audit/retention_records.hpp"

namespace troupe {

namespace {

std::size_t lines_of(const JournalRow& row) { return static_cast<std::size_t>(std::ranges::count(row.records, '\n')); }

}  // namespace

// --- ShardHead -----------------------------------------------------------------------------------------------------

void ShardHead::add(const ShardRow& row, const std::vector<Digest>& hashes) {
  move_to(row.transaction());
  if (row.position() != hashes_.size()) suspect(row.transaction());  // the writer counts records
  hashes_.insert(hashes_.end(), hashes.begin(), hashes.end());
}

/// Closes the transactions before this one.
void ShardHead::move_to(std::uint64_t transaction) {
  for (; transaction_ < transaction; ++transaction_) {
    if (begun_) {
      if (hashes_.empty()) suspect(transaction_);
      head_ = advance_shard(head_, hashes_);
    }
    begun_ = true;
    hashes_.clear();
  }
}

// --- ShardVerifier -------------------------------------------------------------------------------------------------

ShardVerifier::ShardVerifier(const ShardState& shard, const Checkpoint& checkpoint)
    : shard_(shard),
      checkpoint_(checkpoint),
      head_(checkpoint.head, checkpoint.transaction),
      own_{checkpoint.chain_seq, checkpoint.chain_head} {}

std::optional<ShardVerifier::Fault> ShardVerifier::add(const ShardRow& row) {
  const std::vector<Digest> hashes = row.hashes();
  const bool is_covered = row.transaction() <= checkpoint_.transaction;
  if (is_covered && row.row && (hashes.size() != row.row->count || lines_of(*row.row) != row.row->count))
    return Fault{row.chain(), "a journal row holds other than the records that it should"};
  if (is_covered)
    for (const Digest& hash : hashes) survivors_.update(as_view(hash));
  else
    head_.add(row, hashes);
  if (row.stub) return add_stub(*row.stub);
  if (!is_covered && row.chain() == shard_chain(shard_.shard)) return add_own(*row.row, hashes);
  return std::nullopt;
}

std::optional<ShardVerifier::Fault> ShardVerifier::add_stub(const JournalStub& stub) {
  if (stub.removed > shard_.seq) return std::nullopt;  // its tombstone is of later
  if (stub.hashes.empty()) return Fault{stub.chain, "what is left of removed records is damaged"};
  auto [removed, fresh] = removed_.try_emplace(stub.chain, Removed{stub.first_seq, {}});
  // Its first records may lie before a checkpoint, and be gone.
  const bool may_begin = fresh && (stub.first_seq == 1 || checkpoint_.transaction > 0);
  if (!may_begin && (fresh || removed->second.next_seq != stub.first_seq))
    return Fault{stub.chain,
                 "something is missing of the removed records before seq " + std::to_string(stub.first_seq)};
  removed->second = {stub.first_seq + stub.hashes.size(), stub.hashes.back()};
  return std::nullopt;
}

std::optional<ShardVerifier::Fault> ShardVerifier::add_own(const JournalRow& row, const std::vector<Digest>& hashes) {
  own_ = {row.first_seq + row.count - 1, hashes.empty() ? Digest{} : hashes.back()};
  for (std::string_view left = row.records; !left.empty();) {
    const std::string_view stored = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), stored.size() + 1));
    const auto record = read_retention_record(stored);
    if (!record) continue;
    for (const Tombstone& tombstone : record->removed)
      if (auto fault = check(tombstone)) return fault;
    if (record->checkpoint && row.transaction == checkpoint_.recorded) {
      Checkpoint recorded = *record->checkpoint;
      recorded.recorded = row.transaction;
      checkpoint_recorded_ = recorded == checkpoint_;
    }
  }
  return std::nullopt;
}

std::optional<ShardVerifier::Fault> ShardVerifier::check(const Tombstone& tombstone) {
  const auto removed = removed_.find(tombstone.job.as<ChainId>());
  if (removed == removed_.end()) return std::nullopt;  // before a checkpoint, or the shard's head tells
  const ChainHead left{removed->second.next_seq - 1, removed->second.head};
  removed_.erase(removed);
  if (left == tombstone.head) return std::nullopt;
  return Fault{tombstone.job.as<ChainId>(), "what is left of its removed records is not what its removal names"};
}

std::optional<ShardVerifier::Fault> ShardVerifier::finish() {
  if (!removed_.empty())
    return Fault{removed_.begin()->first, "its records were removed, and no record of retention says so"};
  if (checkpoint_.transaction > 0) {
    if (!checkpoint_recorded_)
      return Fault{{}, "the checkpoint that the shard goes by is not the one that was recorded"};
    if (survivors_.finish() != checkpoint_.survivors)
      return Fault{{},
                   "of the records that the checkpoint after transaction " + std::to_string(checkpoint_.transaction) +
                       " kept, some are missing or were changed together with their chain"};
  }
  if (head_.after(shard_.seq) == shard_.head) return std::nullopt;
  std::string fault = "records are missing, or were changed together with their chain: the head over transactions " +
                      std::to_string(checkpoint_.transaction + 1) + " to " + std::to_string(shard_.seq) +
                      " does not match";
  if (head_.suspect() != 0) fault += "; the first with a gap is transaction " + std::to_string(head_.suspect());
  return Fault{{}, std::move(fault)};
}

Checkpoint ShardVerifier::after(std::uint64_t transaction) {
  Checkpoint checkpoint;
  checkpoint.transaction = transaction;
  checkpoint.head = head_.after(transaction);
  checkpoint.chain_seq = own_.seq;
  checkpoint.chain_head = own_.hash;
  return checkpoint;
}

}  // namespace troupe
