// The hash chain of audit records.
//
//   record   {seq, at, job_id?, run_id?, action, actor, node, client_id, details, duration_ms?, prev_hash}
//   stored   its canonical JSON (RFC 8785), one record a line; `hash` itself is not stored
//   hash     SHA-256(prev_hash (32 bytes) ‖ stored bytes without the line end)
//   head     the hash of the last record; all zeros before the first
//   shard    head = SHA-256(previous head ‖ hashes of all records of the transaction, in order); a transaction without
//            records moves it too
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/event_codec.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Who and where: the same for all records of one commit.
struct RecordFrame {
  std::optional<JobId> job;  ///< absent on a shard's own chain
  std::optional<RunId> run;
  std::string actor;  ///< a credential's name, `node`, or a worker
  std::string node;
  std::string client_id;  ///< may be empty
};

/// Where a chain stands.
struct ChainHead {
  std::uint64_t seq = 0;
  Digest hash{};
  bool operator==(const ChainHead&) const = default;
};

/// Appends records to a chain: fills `row` (first_seq, count, records; after what it holds already), moves `head`, and
/// gives the hashes in order.
std::vector<Digest> append_records(ChainHead& head, const std::vector<RecordDraft>& drafts, const RecordFrame& frame,
                                   Timestamp at, JournalRow& row);

/// The shard's new head after a transaction, which may have written no records.
Digest advance_shard(const Digest& head, const std::vector<Digest>& hashes);

/// A stored record as it is shown: with `hash`. What is no record is shown as it is.
std::string shown_record(std::string_view stored);

/// Checks one chain's rows, given in order, against where its job row says it stands. Which of two records was changed
/// can show only with the one after, so that a fault may come a record late; its seq is right. After a fault, stop.
class ChainVerifier {
 public:
  /// From its first record, or from behind the one where it stands.
  explicit ChainVerifier(const ChainHead& begin = {}) : head_(begin) {}

  struct Fault {
    std::uint64_t seq;
    std::string what;
  };
  /// Feed rows by first_seq.
  std::optional<Fault> add(const JournalRow& row);
  std::optional<Fault> finish(const ChainHead& expected) const;
  const ChainHead& head() const { return head_; }

 private:
  std::optional<Fault> add_record(const ChainId& chain, std::string_view stored);
  /// This fault, unless an earlier record is in doubt.
  Fault first_of(Fault fault) const;
  static Fault changed(std::uint64_t seq);

  ChainHead head_;
  bool in_doubt_ = false;  ///< the last record does not fit the one before it
};

struct VerifyReport {
  bool whole = true;
  std::uint64_t chains = 0, records = 0;  ///< checked
  std::string chain;                      ///< of the first fault: a job's id, or a shard's own chain
  std::uint64_t seq = 0;  ///< of the first bad record; 0 where a shard's head tells only that there is one
  std::string fault;
};

/// Checks everything a store holds: every job's chain against its row, every shard's own chain, and every shard's head
/// over all of its transactions; a removed job is found by the latter. Reads page by page, and may run while the store
/// is written. Fails only if the store cannot be read; a broken chain is a report.
Result<VerifyReport> verify_store(StoreReader& reader);
/// Fails with not_found too.
Result<VerifyReport> verify_job(StoreReader& reader, const JobId& job);

}  // namespace troupe
