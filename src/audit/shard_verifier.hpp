// Computes a shard's head again from all that is left of its journal, and finds what is not explained. Private to this
// room.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "audit/retention.hpp"
#include "audit/shard_rows.hpp"
#include "crypto/hash.hpp"

namespace troupe {

/// Computes a shard's head from the hashes of its transactions' records.
class ShardHead {
 public:
  /// After a transaction.
  ShardHead(const Digest& head, std::uint64_t transaction) : head_(head), transaction_(transaction) {}

  /// By (transaction, position).
  void add(const ShardRow& row, const std::vector<Digest>& hashes);
  /// After this transaction; what comes next is of a later one.
  Digest after(std::uint64_t transaction) {
    move_to(transaction + 1);
    return head_;
  }
  /// The first transaction that looks as if something were missing from it, if any does. Only a hint: a transaction may
  /// have written no records.
  std::uint64_t suspect() const { return suspect_; }

 private:
  void move_to(std::uint64_t transaction);
  void suspect(std::uint64_t transaction) {
    if (suspect_ == 0) suspect_ = transaction;
  }

  Digest head_;
  std::uint64_t transaction_;  ///< the one that rows are being added of; or, before any, the one that is done
  bool begun_ = false;
  std::vector<Digest> hashes_;  ///< of that one
  std::uint64_t suspect_ = 0;
};

/// Feed all rows of a shard in order, up to the transaction of `shard`; then finish.
class ShardVerifier {
 public:
  struct Fault {
    std::optional<ChainId> chain;  ///< absent: the shard's own
    std::string what;
  };

  ShardVerifier(const ShardState& shard, const Checkpoint& checkpoint);

  /// A row that is not garbage.
  std::optional<Fault> add(const ShardRow& row);
  std::optional<Fault> finish();

  /// The shard's head, and that of its own chain, after all transactions up to this one, which was not passed yet.
  Checkpoint after(std::uint64_t transaction);

 private:
  struct Removed {
    std::uint64_t next_seq = 0;
    Digest head{};
  };

  std::optional<Fault> add_stub(const JournalStub& stub);
  std::optional<Fault> add_own(const JournalRow& row, const std::vector<Digest>& hashes);
  std::optional<Fault> check(const Tombstone& tombstone);

  const ShardState shard_;
  const Checkpoint checkpoint_;
  ShardHead head_;
  ChainHead own_;  ///< of the shard's own chain
  Sha256 survivors_;
  std::map<ChainId, Removed> removed_;  ///< whose tombstone has not come yet
  bool checkpoint_recorded_ = false;
};

}  // namespace troupe
