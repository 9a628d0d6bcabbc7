#include "audit/chain.hpp"

#include "audit/record.hpp"
#include "crypto/hash.hpp"

namespace troupe {

std::vector<Digest> append_records(ChainHead& head, const std::vector<RecordDraft>& drafts, const RecordFrame& frame,
                                   Timestamp at, JournalRow& row) {
  constexpr std::size_t kBytesPerRecord = 512;  // usual ones have 350 to 450
  if (row.count == 0) row.first_seq = head.seq + 1;
  TROUPE_ASSERT(row.first_seq + row.count == head.seq + 1, "a journal row continues another chain than the head's");
  row.records.reserve(row.records.size() + drafts.size() * kBytesPerRecord);

  const RecordWriter writer(frame, at);
  std::vector<Digest> hashes;
  hashes.reserve(drafts.size());
  for (const RecordDraft& draft : drafts) {
    const std::size_t begin = row.records.size();
    writer.write(row.records, draft, head.seq + 1, head.hash);
    head.hash = record_hash(head.hash, std::string_view(row.records).substr(begin));
    ++head.seq;
    ++row.count;
    row.records += '\n';
    hashes.push_back(head.hash);
  }
  return hashes;
}

Digest advance_shard(const Digest& head, const std::vector<Digest>& hashes) {
  static_assert(sizeof(Digest) == 32, "digests lie in a vector without gaps");
  const std::string_view joined(reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof(Digest));
  return sha256(as_view(head), joined);
}

std::string shown_record(std::string_view stored) {
  auto record = parse_json(stored);
  const auto link = read_link(stored);
  if (!record.ok() || !link) return std::string(stored);  // damaged: shown as it is, for the person who looks for it
  (*record)["hash"] = to_hex(record_hash(link->prev_hash, stored));
  return canonical_json(*record);
}

}  // namespace troupe
