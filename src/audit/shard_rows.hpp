// All of a shard's journal in the order in which it was written: rows, and the stubs of those that were removed.
// Private to this room.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe {

constexpr std::size_t kRowsPerPage = 500;  ///< of the journal, read at once

/// One of the two.
struct ShardRow {
  std::optional<JournalRow> row;
  std::optional<JournalStub> stub;

  const ChainId& chain() const { return row ? row->chain : stub->chain; }
  std::uint64_t first_seq() const { return row ? row->first_seq : stub->first_seq; }
  std::uint64_t transaction() const { return row ? row->transaction : stub->transaction; }
  std::uint32_t position() const { return row ? row->position : stub->position; }
  /// Of its records, in order. What is no record has none.
  std::vector<Digest> hashes() const;
};

/// Reads page by page, also while rows become stubs: each place comes once.
class ShardRows {
 public:
  ShardRows(StoreReader& reader, ShardId shard) : reader_(reader), shard_(shard) {}

  /// Nothing after the last.
  Result<std::optional<ShardRow>> next();

 private:
  Result<Done> fill();

  StoreReader& reader_;
  const ShardId shard_;
  std::deque<JournalRow> rows_;
  std::deque<JournalStub> stubs_;
  bool more_rows_ = true, more_stubs_ = true;
  std::uint64_t transaction_ = 0;  ///< of what was given last
  std::uint32_t position_ = 0;
};

}  // namespace troupe
