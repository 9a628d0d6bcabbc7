// A store in memory, for the audit room's tests: filled through the real chain, then tampered with at will. Only what a
// verification reads is there.
#pragma once

#include <algorithm>
#include <map>

#include "audit/chain.hpp"
#include "audit/retention.hpp"

namespace troupe {

class FakeStore final : public StoreReader {
 public:
  // --- writing ---

  /// One transaction of one shard. Each job of `records` gets so many records; a job that is not there yet is inserted.
  void commit(ShardId shard, const std::vector<std::pair<int, int>>& records) {
    ShardState& state = shard_state(shard);
    ++state.seq;
    std::vector<Digest> hashes;
    for (const auto& [number, count] : records) {
      JobRow& job = jobs_[job_id(number)];
      job.id = job_id(number);
      ChainHead head{job.last_seq, job.head};
      append(job.id.as<ChainId>(), job.id, head, count, {shard, state.seq, static_cast<std::uint32_t>(hashes.size())},
             hashes);
      job.last_seq = head.seq;
      job.head = head.hash;
    }
    state.head = advance_shard(state.head, hashes);
  }
  /// One transaction with one record in the shard's own chain.
  void commit_own(ShardId shard) {
    ShardState& state = shard_state(shard);
    ++state.seq;
    std::vector<Digest> hashes;
    ChainHead head{state.chain_seq, state.chain_head};
    append(shard_chain(shard), std::nullopt, head, 1, {shard, state.seq, 0}, hashes);
    state.chain_seq = head.seq;
    state.chain_head = head.hash;
    state.head = advance_shard(state.head, hashes);
  }
  /// One transaction that removes a job, as retention does it.
  void remove(ShardId shard, int number) {
    const JobRow job = job_row(number);
    auto made = make_stubs(*this, job);
    remove_journal(job.id.as<ChainId>());
    remove_job_row(number);
    commit_record(shard, removal_record({{job.id, {job.last_seq, job.head}, Millis(1000)}}));
    for (JournalStub& stub : made->stubs) {
      stub.removed = shard_state(shard).seq;
      stubs_.push_back(std::move(stub));
    }
  }
  /// One transaction with a checkpoint after an earlier one; then its garbage is deleted.
  void checkpoint(ShardId shard, std::uint64_t transaction) {
    const auto plan = plan_checkpoint(*this, shard_state(shard), transaction, [] { return false; });
    if (!plan->fault.empty()) throw std::logic_error(plan->fault);
    Checkpoint& checkpoint = sweeps_[shard].checkpoint = plan->checkpoint;
    commit_record(shard, checkpoint_record(checkpoint));
    checkpoint.recorded = shard_state(shard).seq;
    std::erase_if(stubs_, [&](const JournalStub& stub) { return stub.shard == shard && is_garbage(stub, checkpoint); });
    std::erase_if(journal_, [&](const JournalRow& row) { return row.shard == shard && is_garbage(row, checkpoint); });
  }

  // --- tampering ---

  static JobId job_id(int number) {
    JobId id;
    id.bytes[0] = 1;
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
  }
  JobRow& job_row(int number) { return jobs_.at(job_id(number)); }
  void remove_job_row(int number) { jobs_.erase(job_id(number)); }
  std::vector<JournalRow>& journal_rows() { return journal_; }
  /// The row that holds this record of the job.
  JournalRow& row_of(int number, std::uint64_t seq) {
    for (JournalRow& row : journal_)
      if (row.chain == job_id(number).as<ChainId>() && row.first_seq <= seq && seq < row.first_seq + row.count)
        return row;
    throw std::out_of_range("no such record");
  }
  void remove_row_of(int number, std::uint64_t seq) {
    const JournalRow* row = &row_of(number, seq);
    journal_.erase(journal_.begin() + (row - journal_.data()));
  }
  void remove_journal(const ChainId& chain) {
    std::erase_if(journal_, [&](const JournalRow& row) { return row.chain == chain; });
  }
  std::vector<JournalStub>& stubs() { return stubs_; }
  Checkpoint& checkpoint_of(ShardId shard) { return sweeps_[shard].checkpoint; }
  ShardState& shard_state(ShardId shard) {
    shards_[shard].shard = shard;
    return shards_[shard];
  }

  // --- reading ---

  /// Called at each read of a chain: another writer may come in between.
  std::function<void()> on_journal = [] {};

  Result<std::optional<JobRow>> job(const JobId& id) override {
    const auto row = jobs_.find(id);
    return row == jobs_.end() ? std::nullopt : std::optional(row->second);
  }
  Result<std::vector<JobRow>> jobs(const JobQuery& query) override {
    std::vector<JobRow> page;
    for (auto row = jobs_.rbegin(); row != jobs_.rend() && page.size() < static_cast<std::size_t>(query.limit); ++row)
      if (!query.before || row->first < *query.before) page.push_back(row->second);
    return page;
  }
  Result<std::vector<JournalRow>> journal(const JournalQuery& query) override {
    std::exchange(on_journal, [] {})();
    std::vector<JournalRow> rows;
    for (const JournalRow& row : journal_)
      if (row.chain == query.chain && row.first_seq > query.after_first_seq &&
          row.first_seq + row.count > query.from_seq)
        rows.push_back(row);
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first_seq < b.first_seq; });
    return page_of(std::move(rows), query.rows);
  }
  Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t transaction, std::uint32_t position,
                                                   std::size_t count) override {
    const auto place = [](const JournalRow& row) { return std::pair(row.transaction, row.position); };
    std::vector<JournalRow> rows;
    for (const JournalRow& row : journal_)
      if (row.shard == shard && place(row) > std::pair(transaction, position)) rows.push_back(row);
    std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return page_of(std::move(rows), count);
  }
  Result<std::vector<ShardState>> shards() override {
    std::vector<ShardState> all;
    for (const auto& [shard, state] : shards_) all.push_back(state);
    return all;
  }

  std::size_t longest_page() const { return longest_page_; }

  // what a verification does not read
  Result<std::vector<JobId>> jobs_called(const std::string&, const std::optional<std::string>&) override {
    return none();
  }
  Result<std::optional<RunRecord>> run(const RunId&) override { return none(); }
  Result<std::vector<RunRecord>> runs(const RunQuery&) override { return none(); }
  Result<std::vector<ResultRow>> results(const RunId&) override { return none(); }
  Result<std::vector<ReviewRow>> reviews(const RunId&) override { return none(); }
  Result<std::vector<SettingRow>> settings(const std::string&) override { return none(); }
  Result<std::vector<AssetRow>> assets_of_run(const RunId&) override { return none(); }
  Result<std::optional<AssetRow>> asset(const AssetId&) override { return none(); }
  Result<std::vector<JournalRow>> journal_of_shard_before(ShardId, std::uint64_t, std::uint32_t, std::size_t) override {
    return none();
  }
  Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>&, int) override { return none(); }
  Result<std::optional<WorkflowSummary>> workflow(const std::string&, std::uint32_t) override { return none(); }
  Result<std::optional<IdempotencyRow>> idempotency(const Digest&) override { return none(); }
  Result<std::vector<JobRow>> open_jobs(ShardId, const JobId&, std::size_t) override { return none(); }
  Result<std::vector<Parked>> parked(ShardId, const Parked&, Timestamp, std::size_t) override { return none(); }
  Result<std::vector<Accepted>> accepted_jobs(ShardId, std::uint64_t, std::uint32_t, std::size_t) override {
    return none();
  }
  Result<std::vector<JobId>> retained(ShardId, Timestamp, std::size_t) override { return none(); }
  Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t transaction, std::uint32_t position,
                                                  std::size_t count) override {
    std::vector<JournalStub> stubs;
    for (const JournalStub& stub : stubs_)
      if (stub.shard == shard && std::pair(stub.transaction, stub.position) > std::pair(transaction, position))
        stubs.push_back(stub);
    std::ranges::sort(stubs, {}, [](const JournalStub& stub) { return std::pair(stub.transaction, stub.position); });
    if (stubs.size() > count) stubs.resize(count);
    return stubs;
  }
  Result<SweepRow> sweep(ShardId shard) override {
    SweepRow& row = sweeps_[shard];
    row.shard = shard;
    return row;
  }
  Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest&, std::size_t) override { return none(); }
  Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId&, std::size_t) override { return none(); }
  Result<std::vector<ResultBlobs>> result_blobs(const TaskKey&, std::size_t) override { return none(); }
  Result<std::string> store_id() override { return none(); }
  Result<Done> ping() override { return Done{}; }

 private:
  struct Place {
    ShardId shard;
    std::uint64_t transaction;
    std::uint32_t position;
  };
  static Error none() { return {ErrorCode::not_supported, "a verification does not read this", false, {}}; }

  std::vector<JournalRow> page_of(std::vector<JournalRow> rows, std::size_t count) {
    if (rows.size() > count) rows.resize(count);
    longest_page_ = std::max(longest_page_, rows.size());
    return rows;
  }
  void commit_record(ShardId shard, const RecordDraft& draft) {
    ShardState& state = shard_state(shard);
    ++state.seq;
    std::vector<Digest> hashes;
    ChainHead head{state.chain_seq, state.chain_head};
    append(shard_chain(shard), std::nullopt, head, {draft}, {shard, state.seq, 0}, hashes);
    state.chain_seq = head.seq;
    state.chain_head = head.hash;
    state.head = advance_shard(state.head, hashes);
  }
  void append(const ChainId& chain, const std::optional<JobId>& job, ChainHead& head, int count, Place place,
              std::vector<Digest>& hashes) {
    std::vector<RecordDraft> drafts;
    for (int i = 0; i < count; ++i)
      drafts.push_back({"step.completed", {{"step", "s" + std::to_string(i)}}, Millis(7)});
    append(chain, job, head, drafts, place, hashes);
  }
  void append(const ChainId& chain, const std::optional<JobId>& job, ChainHead& head,
              const std::vector<RecordDraft>& drafts, Place place, std::vector<Digest>& hashes) {
    JournalRow row;
    row.chain = chain;
    row.shard = place.shard;
    row.transaction = place.transaction;
    row.position = place.position;
    for (const Digest& hash : append_records(head, drafts, {job, {}, "node", "n1", "default"}, from_unix_ms(1), row))
      hashes.push_back(hash);
    journal_.push_back(std::move(row));
  }

  std::map<JobId, JobRow> jobs_;
  std::vector<JournalRow> journal_;
  std::vector<JournalStub> stubs_;
  std::map<ShardId, ShardState> shards_;
  std::map<ShardId, SweepRow> sweeps_;
  std::size_t longest_page_ = 0;
};

}  // namespace troupe
