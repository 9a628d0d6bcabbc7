#include "audit/shard_rows.hpp"

#include <utility>

#include "audit/record.hpp"

namespace troupe {
namespace {

template <class Row>
std::pair<std::uint64_t, std::uint32_t> place_of(const Row& row) {
  return {row.transaction, row.position};
}

}  // namespace

std::vector<Digest> ShardRow::hashes() const { return row ? record_hashes(row->records) : stub->hashes; }

// A row that becomes a stub between the two reads is found in both if rows are read first, so stubs are never read
// further than rows that are still to be read.
Result<Done> ShardRows::fill() {
  if (rows_.empty() && more_rows_) {
    auto page = reader_.journal_of_shard(shard_, transaction_, position_, kRowsPerPage);
    if (!page) return page.error();
    more_rows_ = page->size() == kRowsPerPage;
    rows_.assign(std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
    stubs_.clear();
    more_stubs_ = true;
  }
  if (stubs_.empty() && more_stubs_) {
    auto page = reader_.stubs_of_shard(shard_, transaction_, position_, kRowsPerPage);
    if (!page) return page.error();
    more_stubs_ = page->size() == kRowsPerPage;
    stubs_.assign(std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
  }
  return Done{};
}

Result<std::optional<ShardRow>> ShardRows::next() {
  if (auto filled = fill(); !filled) return filled.error();
  ShardRow next;
  if (!rows_.empty() && (stubs_.empty() || place_of(rows_.front()) <= place_of(stubs_.front()))) {
    if (!stubs_.empty() && place_of(stubs_.front()) == place_of(rows_.front())) stubs_.pop_front();
    next.row = std::move(rows_.front());
    rows_.pop_front();
  } else if (!stubs_.empty()) {
    next.stub = std::move(stubs_.front());
    stubs_.pop_front();
  } else {
    return std::optional<ShardRow>();
  }
  transaction_ = next.transaction();
  position_ = next.position();
  return std::optional(std::move(next));
}

}  // namespace troupe
