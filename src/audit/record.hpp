// One record as it is stored: written from a draft, and read back as far as a chain is concerned. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/chain.hpp"

namespace troupe {

/// Writes the records of one commit. What they have in common is written once.
class RecordWriter {
 public:
  RecordWriter(const RecordFrame& frame, Timestamp at);

  /// Appends the record's canonical bytes, without a line end.
  void write(std::string& out, const RecordDraft& draft, std::uint64_t seq, const Digest& prev_hash) const;

 private:
  std::string after_action_;     ///< "actor", "at" and "client_id"
  std::string after_duration_;   ///< "job_id" and "node"
  std::string after_prev_hash_;  ///< "run_id"
};

/// What a chain needs to know of a stored record.
struct ChainLink {
  std::uint64_t seq = 0;
  Digest prev_hash{};
  std::optional<ChainId> job;  ///< absent in a record of a shard's own chain
};

/// Nothing if the bytes are no record.
std::optional<ChainLink> read_link(std::string_view stored);

/// The hashes of a row's records, in order; what is no record has none.
std::vector<Digest> record_hashes(std::string_view records);

/// The record's hash: SHA-256(prev_hash ‖ stored bytes).
Digest record_hash(const Digest& prev_hash, std::string_view stored);

}  // namespace troupe
