#include <algorithm>

#include "audit/chain.hpp"
#include "audit/record.hpp"

namespace troupe {
namespace {

constexpr std::size_t kRowsPerPage = 500;
/// Transactions in a row that may have written no records; more is a damaged number, and hashing up to it would not end.
constexpr std::uint64_t kEmptyTransactionsMax = 100'000'000;

/// A report in the making: each check adds what it saw, and returns false at the first fault.
using Verdict = Result<bool>;

bool report_fault(VerifyReport& report, const ChainId& chain, std::uint64_t seq, std::string fault) {
  report.whole = false;
  report.chain = to_string(chain);
  report.seq = seq;
  report.fault = std::move(fault);
  return false;
}

// --- one chain -----------------------------------------------------------------------------------------------------

/// Checks the chain's rows up to where it should stand.
Result<std::optional<ChainVerifier::Fault>> check_chain(StoreReader& reader, const ChainId& chain,
                                                        const ChainHead& expected) {
  ChainVerifier verifier;
  for (;;) {
    const auto page = reader.journal({chain, verifier.head().seq + 1, kRowsPerPage});
    if (!page.ok()) return page.error();
    for (const JournalRow& row : *page)
      if (auto fault = verifier.add(row)) return fault;
    if (page->size() < kRowsPerPage) return verifier.finish(expected);
  }
}

/// A chain that is written while it is read must not look broken: `current_head` tells where it should stand, and is
/// asked again when the chain does not fit; only if it has not moved meanwhile, the fault is one.
template <class CurrentHead>
Verdict verify_chain(StoreReader& reader, const ChainId& chain, ChainHead expected, CurrentHead current_head,
                     VerifyReport& report) {
  for (;;) {
    auto fault = check_chain(reader, chain, expected);
    if (!fault.ok()) return fault.error();
    if (!fault->has_value()) {
      ++report.chains;
      report.records += expected.seq;
      return true;
    }
    const Result<ChainHead> now = current_head();
    if (!now.ok()) return now.error();
    if (*now == expected) return report_fault(report, chain, (*fault)->seq, std::move((*fault)->what));
    expected = *now;
  }
}

Verdict verify_job_chain(StoreReader& reader, const JobRow& job, VerifyReport& report) {
  const auto current_head = [&]() -> Result<ChainHead> {
    const auto row = reader.job(job.id);
    if (!row.ok()) return row.error();
    if (!row->has_value()) return ChainHead{job.last_seq, job.head};
    return ChainHead{(*row)->last_seq, (*row)->head};
  };
  return verify_chain(reader, job.id.as<ChainId>(), {job.last_seq, job.head}, current_head, report);
}

Verdict verify_all_jobs(StoreReader& reader, VerifyReport& report) {
  JobQuery query;
  query.limit = static_cast<int>(kRowsPerPage);
  for (;;) {
    const auto page = reader.jobs(query);
    if (!page.ok()) return page.error();
    for (const JobRow& job : *page) {
      const Verdict verdict = verify_job_chain(reader, job, report);
      if (!verdict.ok() || !*verdict) return verdict;
    }
    if (page->empty()) return true;
    query.before = page->back().id;
  }
}

// --- a shard -------------------------------------------------------------------------------------------------------

Verdict verify_shard_chain(StoreReader& reader, const ShardState& shard, VerifyReport& report) {
  const auto current_head = [&]() -> Result<ChainHead> {
    const auto shards = reader.shards();
    if (!shards.ok()) return shards.error();
    for (const ShardState& now : *shards)
      if (now.shard == shard.shard) return ChainHead{now.chain_seq, now.chain_head};
    return ChainHead{shard.chain_seq, shard.chain_head};
  };
  return verify_chain(reader, shard_chain(shard.shard), {shard.chain_seq, shard.chain_head}, current_head, report);
}

/// Computes a shard's head again from the journal rows of its transactions.
class ShardHead {
 public:
  /// Feed rows by (transaction, position).
  void add(const JournalRow& row) {
    move_to(row.transaction);
    if (row.position != next_position_) suspect(row.transaction);
    next_position_ = row.position + 1;
    std::string_view left = row.records;
    while (!left.empty()) {
      const std::string_view stored = left.substr(0, left.find('\n'));
      left.remove_prefix(std::min(left.size(), stored.size() + 1));
      const auto link = read_link(stored);
      if (link) hashes_.push_back(record_hash(link->prev_hash, stored));
    }
  }
  Digest finish(std::uint64_t transaction) {
    move_to(transaction + 1);
    return head_;
  }
  /// The first transaction that looks as if something were missing from it, if any does. Only a hint: a transaction may
  /// have written no records.
  std::uint64_t suspect() const { return suspect_; }

 private:
  /// Closes the transactions before this one.
  void move_to(std::uint64_t transaction) {
    for (; transaction_ < transaction; ++transaction_) {
      if (transaction_ > 0) {
        if (hashes_.empty()) suspect(transaction_);
        head_ = advance_shard(head_, hashes_);
      }
      hashes_.clear();
      next_position_ = 0;
    }
  }
  void suspect(std::uint64_t transaction) {
    if (suspect_ == 0) suspect_ = transaction;
  }

  Digest head_{};
  std::uint64_t transaction_ = 0;  ///< the one that rows are being added of
  std::uint32_t next_position_ = 0;
  std::vector<Digest> hashes_;  ///< of that one
  std::uint64_t suspect_ = 0;
};

/// Does the row's job still exist? Asked once a chain, at its first row.
Verdict verify_owner(StoreReader& reader, const JournalRow& row, const ShardState& shard, VerifyReport& report) {
  if (row.first_seq != 1 || row.chain == shard_chain(shard.shard)) return true;
  const auto job = reader.job(row.chain.as<JobId>());
  if (!job.ok()) return job.error();
  if (job->has_value()) return true;
  return report_fault(report, row.chain, 1, "the job of these records was removed");
}

Verdict verify_shard_head(StoreReader& reader, const ShardState& shard, VerifyReport& report) {
  ShardHead head;
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
  for (bool more = true; more;) {
    const auto page = reader.journal_of_shard(shard.shard, transaction, position, kRowsPerPage);
    if (!page.ok()) return page.error();
    more = page->size() == kRowsPerPage;
    for (const JournalRow& row : *page) {
      const bool newer = row.transaction > shard.seq;  // than when the shard was read
      if (newer || row.transaction - transaction > kEmptyTransactionsMax) {
        more = false;
        break;
      }
      const Verdict verdict = verify_owner(reader, row, shard, report);
      if (!verdict.ok() || !*verdict) return verdict;
      head.add(row);
      transaction = row.transaction;
      position = row.position;
    }
  }
  if (shard.seq - transaction > kEmptyTransactionsMax)
    return report_fault(report, shard_chain(shard.shard), 0,
                        "nothing is recorded of the transactions from " + std::to_string(transaction + 1) + " on");
  if (head.finish(shard.seq) == shard.head) return true;
  std::string fault =
      "records are missing, or were changed together with their chain: the head over transactions 1 to " +
      std::to_string(shard.seq) + " does not match";
  if (head.suspect() != 0) fault += "; the first with a gap is transaction " + std::to_string(head.suspect());
  return report_fault(report, shard_chain(shard.shard), 0, std::move(fault));
}

Verdict verify_all_shards(StoreReader& reader, VerifyReport& report) {
  const auto shards = reader.shards();
  if (!shards.ok()) return shards.error();
  for (const ShardState& shard : *shards) {
    Verdict verdict = verify_shard_chain(reader, shard, report);
    if (verdict.ok() && *verdict) verdict = verify_shard_head(reader, shard, report);
    if (!verdict.ok() || !*verdict) return verdict;
  }
  return true;
}

}  // namespace

// The chains first: they name the record. What is still whole then, and yet does not add up to the shard's head, has
// lost records without a trace in its chains.
Result<VerifyReport> verify_store(StoreReader& reader) {
  VerifyReport report;
  Verdict verdict = verify_all_jobs(reader, report);
  if (verdict.ok() && *verdict) verdict = verify_all_shards(reader, report);
  if (!verdict.ok()) return verdict.error();
  return report;
}

Result<VerifyReport> verify_job(StoreReader& reader, const JobId& job) {
  const auto row = reader.job(job);
  if (!row.ok()) return row.error();
  if (!row->has_value()) return {ErrorCode::not_found, "there is no job " + to_string(job)};
  VerifyReport report;
  const Verdict verdict = verify_job_chain(reader, **row, report);
  if (!verdict.ok()) return verdict.error();
  return report;
}

}  // namespace troupe
