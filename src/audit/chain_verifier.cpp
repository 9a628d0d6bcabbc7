#include <algorithm>

#include "audit/chain.hpp"
#include "audit/record.hpp"

namespace troupe {
namespace {

/// A shard's own chain is named by the nil UUID with the shard's number at its end.
bool is_shard_chain(const ChainId& chain) {
  const ShardId shard = static_cast<ShardId>(chain.bytes[14] << 8 | chain.bytes[15]);
  return chain == shard_chain(shard);
}

}  // namespace

std::optional<ChainVerifier::Fault> ChainVerifier::add(const JournalRow& row) {
  const std::uint64_t next = head_.seq + 1;
  if (row.first_seq > next) return first_of({next, "the record is missing"});
  if (row.first_seq < next) return first_of({row.first_seq, "the record is there twice"});
  std::uint32_t count = 0;
  for (std::string_view left = row.records; !left.empty(); ++count) {
    const std::size_t end = left.find('\n');
    if (end == std::string_view::npos) return first_of({head_.seq + 1, "the record's line does not end"});
    if (auto fault = add_record(row.chain, left.substr(0, end))) return fault;
    left.remove_prefix(end + 1);
  }
  if (count == row.count && count > 0) return std::nullopt;
  return first_of({next + std::min(count, row.count), "its journal row should hold " + std::to_string(row.count) +
                                                          " records and holds " + std::to_string(count)});
}

// A prev_hash that is not the hash of the record before: one of the two records was changed, and the record after tells
// which. If its prev_hash is this record's hash (over the prev_hash that this one names), this one is as it was
// written.
std::optional<ChainVerifier::Fault> ChainVerifier::add_record(const ChainId& chain, std::string_view stored) {
  const std::uint64_t seq = head_.seq + 1;
  const auto link = read_link(stored);
  if (!link) return first_of({seq, "the record cannot be read"});
  if (link->seq != seq)
    return first_of({seq, "a record with the seq " + std::to_string(link->seq) + " stands in its place"});
  const bool belongs = link->job ? *link->job == chain : is_shard_chain(chain);
  if (!belongs) return first_of({seq, "the record belongs to another chain"});

  const bool fits = link->prev_hash == head_.hash;
  if (in_doubt_) return changed(fits ? seq - 2 : seq - 1);
  if (!fits && seq == 1) return changed(seq);
  in_doubt_ = !fits;
  head_ = {seq, record_hash(link->prev_hash, stored)};
  return std::nullopt;
}

std::optional<ChainVerifier::Fault> ChainVerifier::finish(const ChainHead& expected) const {
  if (in_doubt_ && head_.seq == expected.seq) return changed(head_ == expected ? head_.seq - 1 : head_.seq);
  if (head_.seq < expected.seq)
    return first_of({head_.seq + 1, "the records from here to " + std::to_string(expected.seq) + " are missing"});
  if (head_.seq > expected.seq) return first_of({expected.seq + 1, "the chain should have ended before this record"});
  if (head_.hash != expected.hash)
    return Fault{head_.seq, "the record, or the head that is kept of its chain, was changed"};
  return std::nullopt;
}

ChainVerifier::Fault ChainVerifier::first_of(Fault fault) const {
  return in_doubt_ ? changed(head_.seq - 1) : std::move(fault);
}

ChainVerifier::Fault ChainVerifier::changed(std::uint64_t seq) { return {seq, "the record was changed"}; }

}  // namespace troupe
