#include <algorithm>

#include "audit/chain.hpp"
#include "audit/shard_verifier.hpp"

namespace troupe {
namespace {

/// Transactions in a row that may have written no records; more is a damaged number, and hashing up to it would not
/// end.
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

/// Where a chain is kept from, and where it stands.
struct ChainSpan {
  ChainHead begin, end;
  bool operator==(const ChainSpan&) const = default;
};

/// Checks the chain's rows from where it is kept to where it should stand. A chain that `grows` may have more: the
/// shard's head tells whether these are right.
Result<std::optional<ChainVerifier::Fault>> check_chain(StoreReader& reader, const ChainId& chain,
                                                        const ChainSpan& expected, bool grows) {
  ChainVerifier verifier(expected.begin);
  JournalQuery query{chain, expected.begin.seq + 1, kRowsPerPage};
  for (bool more = true; more;) {
    const auto page = reader.journal(query);
    if (!page.ok()) return page.error();
    more = page->size() == kRowsPerPage;
    if (more) query.after_first_seq = page->back().first_seq;
    for (const JournalRow& row : *page) {
      if (grows && row.first_seq > expected.end.seq) return verifier.finish(expected.end);
      if (auto fault = verifier.add(row)) return fault;
    }
  }
  return verifier.finish(expected.end);
}

/// A chain that is written while it is read must not look broken: `current_span` tells where it should stand, and is
/// asked again when the chain does not fit; only if it has not moved meanwhile, the fault is one. Nothing: the chain
/// was removed, which the shard's head accounts for.
template <class CurrentSpan>
Verdict verify_chain(StoreReader& reader, const ChainId& chain, ChainSpan expected, CurrentSpan current_span,
                     VerifyReport& report, bool grows = false) {
  for (;;) {
    auto fault = check_chain(reader, chain, expected, grows);
    if (!fault.ok()) return fault.error();
    if (!fault->has_value()) {
      ++report.chains;
      report.records += expected.end.seq - expected.begin.seq;
      return true;
    }
    const Result<std::optional<ChainSpan>> now = current_span();
    if (!now.ok()) return now.error();
    if (!now->has_value()) return true;
    if (**now == expected) return report_fault(report, chain, (*fault)->seq, std::move((*fault)->what));
    expected = **now;
  }
}

Verdict verify_job_chain(StoreReader& reader, const JobRow& job, VerifyReport& report) {
  const auto current_span = [&]() -> Result<std::optional<ChainSpan>> {
    const auto row = reader.job(job.id);
    if (!row.ok()) return row.error();
    if (!row->has_value()) return std::optional<ChainSpan>();
    return std::optional(ChainSpan{{}, {(*row)->last_seq, (*row)->head}});
  };
  return verify_chain(reader, job.id.as<ChainId>(), {{}, {job.last_seq, job.head}}, current_span, report);
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

ChainSpan span_of(const ShardState& shard, const Checkpoint& checkpoint) {
  return {{checkpoint.chain_seq, checkpoint.chain_head}, {shard.chain_seq, shard.chain_head}};
}

Verdict verify_shard_chain(StoreReader& reader, const ShardState& shard, const Checkpoint& checkpoint,
                           VerifyReport& report) {
  const auto current_span = [&]() -> Result<std::optional<ChainSpan>> {
    const auto sweep = reader.sweep(shard.shard);
    if (!sweep.ok()) return sweep.error();
    const auto shards = reader.shards();
    if (!shards.ok()) return shards.error();
    for (const ShardState& now : *shards)
      if (now.shard == shard.shard) return std::optional(span_of(now, sweep->checkpoint));
    return std::optional(span_of(shard, sweep->checkpoint));
  };
  return verify_chain(reader, shard_chain(shard.shard), span_of(shard, checkpoint), current_span, report,
                      /*grows=*/true);
}

/// Does the row's job still exist? Asked once a chain, at its first row.
Verdict verify_owner(StoreReader& reader, const JournalRow& row, VerifyReport& report) {
  if (row.first_seq != 1 || row.chain == shard_chain(row.shard)) return true;
  const auto job = reader.job(row.chain.as<JobId>());
  if (!job.ok()) return job.error();
  if (job->has_value()) return true;
  const auto left = reader.journal({row.chain, 0, 1});
  if (!left.ok()) return left.error();
  if (left->empty()) return true;  // removed since it was read, with its records
  return report_fault(report, row.chain, 1, "the job of these records was removed");
}

Verdict verify_shard_head(StoreReader& reader, const ShardState& shard, const SweepRow& sweep, VerifyReport& report) {
  const Checkpoint& checkpoint = sweep.checkpoint;
  ShardVerifier verifier(shard, checkpoint);
  ShardRows rows(reader, shard.shard);
  const auto report_shard = [&](ShardVerifier::Fault fault) {
    return report_fault(report, fault.chain.value_or(shard_chain(shard.shard)), 0, std::move(fault.what));
  };
  std::uint64_t transaction = checkpoint.transaction, newest_removal = 0;
  for (;;) {
    auto next = rows.next();
    if (!next.ok()) return next.error();
    if (!next->has_value()) break;
    const ShardRow& row = **next;
    const bool newer = row.transaction() > shard.seq;  // than when the shard was read
    if (newer || (row.transaction() > transaction && row.transaction() - transaction > kEmptyTransactionsMax)) break;
    if (row.stub ? is_garbage(*row.stub, checkpoint) : is_garbage(*row.row, checkpoint)) {
      if (!sweep.is_clean) continue;
      return report_shard({row.chain(), "something was added before the checkpoint, where retention had deleted it"});
    }
    if (row.row) {
      const Verdict verdict = verify_owner(reader, *row.row, report);
      if (!verdict.ok() || !*verdict) return verdict;
    }
    if (auto fault = verifier.add(row)) return report_shard(*std::move(fault));
    if (row.stub) newest_removal = std::max(newest_removal, row.stub->removed);
    transaction = std::max(transaction, row.transaction());
  }
  if (shard.seq > transaction && shard.seq - transaction > kEmptyTransactionsMax)
    return report_fault(report, shard_chain(shard.shard), 0,
                        "nothing is recorded of the transactions from " + std::to_string(transaction + 1) + " on");
  if (auto fault = verifier.finish()) return report_shard(*std::move(fault));
  if (newest_removal <= shard.seq) return true;
  // Removed since the shard was read; or somebody says so.
  const auto shards = reader.shards();
  if (!shards.ok()) return shards.error();
  const auto now = std::ranges::find(*shards, shard.shard, &ShardState::shard);
  if (now != shards->end() && newest_removal <= now->seq) return true;
  return report_shard({{}, "records were removed by a transaction that has not been"});
}

/// What a checkpoint makes superfluous is deleted while we read: a fault counts only if there was no new one meanwhile.
Verdict verify_shard(StoreReader& reader, ShardId id, VerifyReport& report) {
  for (;;) {
    const auto sweep = reader.sweep(id);  // before the shard, which then has its record
    if (!sweep.ok()) return sweep.error();
    const auto shards = reader.shards();
    if (!shards.ok()) return shards.error();
    const auto shard = std::ranges::find(*shards, id, &ShardState::shard);
    if (shard == shards->end()) return true;

    VerifyReport attempt = report;
    Verdict verdict = verify_shard_chain(reader, *shard, sweep->checkpoint, attempt);
    if (verdict.ok() && *verdict) verdict = verify_shard_head(reader, *shard, *sweep, attempt);
    if (verdict.ok() && !*verdict) {
      const auto now = reader.sweep(id);
      if (!now.ok()) return now.error();
      if (now->checkpoint != sweep->checkpoint || now->is_clean != sweep->is_clean) continue;
    }
    report = std::move(attempt);
    return verdict;
  }
}

Verdict verify_all_shards(StoreReader& reader, VerifyReport& report) {
  const auto shards = reader.shards();
  if (!shards.ok()) return shards.error();
  for (const ShardState& shard : *shards) {
    const Verdict verdict = verify_shard(reader, shard.shard, report);
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
