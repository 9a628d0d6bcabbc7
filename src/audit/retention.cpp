#include "audit/retention.hpp"

#include "audit/record.hpp"
#include "audit/retention_records.hpp"
#include "audit/shard_verifier.hpp"

namespace troupe {

Result<JobStubs> make_stubs(StoreReader& reader, const JobRow& job) {
  const ChainId chain = job.id.as<ChainId>();
  const ChainHead expected{job.last_seq, job.head};
  JobStubs made;
  ChainVerifier verifier;
  JournalQuery query{chain, 0, kRowsPerPage};
  const auto fault = [&](const std::optional<ChainVerifier::Fault>& found) {
    if (found) made.fault = "record " + std::to_string(found->seq) + ": " + found->what;
    return found.has_value();
  };
  for (bool more = true; more;) {
    const auto page = reader.journal(query);
    if (!page) return page.error();
    more = page->size() == kRowsPerPage;
    if (more) query.after_first_seq = page->back().first_seq;
    for (const JournalRow& row : *page) {
      if (fault(verifier.add(row))) return made;
      made.stubs.push_back(
          {row.chain, row.first_seq, record_hashes(row.records), row.shard, row.transaction, row.position, 0});
    }
  }
  fault(verifier.finish(expected));
  return made;
}

bool is_garbage(const JournalStub& stub, const Checkpoint& checkpoint) {
  return stub.transaction <= checkpoint.transaction && stub.removed <= checkpoint.recorded;
}

bool is_garbage(const JournalRow& row, const Checkpoint& checkpoint) {
  return row.transaction <= checkpoint.transaction && row.chain == shard_chain(row.shard) &&
         read_retention_record(std::string_view(row.records).substr(0, row.records.find('\n')));
}

Result<CheckpointPlan> plan_checkpoint(StoreReader& reader, const ShardState& shard, std::uint64_t transaction,
                                       const std::function<bool()>& stopping) {
  const auto sweep = reader.sweep(shard.shard);
  if (!sweep) return sweep.error();
  CheckpointPlan plan;
  Sha256 survivors;
  std::optional<Checkpoint> reached;
  Checkpoint planned;
  planned.transaction = transaction;
  if (transaction > shard.seq || transaction < sweep->checkpoint.transaction) {
    plan.fault = "there is no transaction " + std::to_string(transaction) + " to make a checkpoint after";
    return plan;
  }

  ShardVerifier verifier(shard, sweep->checkpoint);
  ShardRows rows(reader, shard.shard);
  for (std::uint64_t read = 0;; ++read) {
    if (read % kRowsPerPage == 0 && stopping()) return Error{ErrorCode::not_ready, "the node stops", true, {}};
    auto next = rows.next();
    if (!next) return next.error();
    if (!next->has_value() || (*next)->transaction() > shard.seq) break;
    const ShardRow& row = **next;
    if (row.transaction() > transaction && !reached) reached = verifier.after(transaction);
    if (row.stub ? is_garbage(*row.stub, sweep->checkpoint) : is_garbage(*row.row, sweep->checkpoint)) continue;
    if (row.row && !is_garbage(*row.row, planned)) {
      ++plan.kept;
      if (row.transaction() <= transaction)
        for (const Digest& hash : row.hashes()) survivors.update(as_view(hash));
    }
    if (const auto fault = verifier.add(row)) {
      plan.fault = (fault->chain ? to_string(*fault->chain) + ": " : "") + fault->what;
      return plan;
    }
  }
  if (!reached) reached = verifier.after(transaction);
  if (const auto fault = verifier.finish()) plan.fault = fault->what;
  plan.checkpoint = *reached;
  plan.checkpoint.survivors = survivors.finish();
  return plan;
}

}  // namespace troupe
