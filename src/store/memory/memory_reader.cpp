#include <algorithm>
#include <mutex>

#include "store_memory/memory_tables.hpp"
#include "store_rules/query_rules.hpp"

namespace troupe::store {
namespace {

bool contains_text(const JobRow& job, const std::string& folded) {
  return fold_case(job.job_id).find(folded) != std::string::npos ||
         fold_case(job.workflow_key).find(folded) != std::string::npos;
}

/// All that a query demands of a job but its status.
bool matches(const JobRow& job, const JobQuery& query, const JobRange& range) {
  return range.holds(job.id) && (!query.client_id || job.client_id == *query.client_id) &&
         (!query.workflow_key || job.workflow_key == *query.workflow_key) &&
         (!query.user_id || job.user_id == *query.user_id) &&
         (!query.created_after || job.created_at > *query.created_after) &&
         (!query.created_before || job.created_at < *query.created_before) &&
         (query.text.empty() || contains_text(job, fold_case(query.text)));
}

/// Where a journal row stands in its shard.
std::pair<std::uint64_t, std::uint32_t> place(const JournalRow& row) { return {row.transaction, row.position}; }

template <class Rows>
bool full(const Rows& rows, std::int64_t limit) {
  return static_cast<std::int64_t>(rows.size()) >= limit;
}

class MemoryReader final : public StoreReader {
 public:
  explicit MemoryReader(std::shared_ptr<const MemoryTables> tables) : shared_(std::move(tables)), tables_(*shared_) {}

  Result<std::optional<JobRow>> job(const JobId& id) override {
    const std::shared_lock lock(tables_.mutex);
    return find(tables_.jobs, id);
  }

  Result<std::vector<JobId>> jobs_called(const std::string& job_id, const std::optional<std::string>& client) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JobId> ids;
    for (auto key = tables_.job_keys.lower_bound({job_id, client.value_or("")});
         key != tables_.job_keys.end() && key->first.first == job_id && ids.size() < 2; ++key)
      if (!client || key->first.second == *client) ids.push_back(key->second.id);
    return ids;
  }

  Result<std::vector<JobRow>> jobs(const JobQuery& query) override {
    const std::shared_lock lock(tables_.mutex);
    const JobRange range = range_of(query);
    std::vector<JobRow> rows;
    for (auto job = tables_.jobs.rbegin(); job != tables_.jobs.rend() && !full(rows, query.limit); ++job)
      if (matches(job->second, query, range) && (!query.status || is_listed(job->second, *query.status)))
        rows.push_back(job->second);
    return rows;
  }

  Result<std::optional<RunRecord>> run(const RunId& id) override {
    const std::shared_lock lock(tables_.mutex);
    if (const auto job = find(tables_.jobs, id.as<JobId>())) return std::optional(record(*job, id, 1));
    if (const auto row = find(tables_.runs, id))
      if (const auto job = find(tables_.jobs, row->job)) return std::optional(record(*job, id, row->number));
    return std::optional<RunRecord>();
  }

  Result<std::vector<RunRecord>> runs(const RunQuery& query) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<RunRecord> records;
    for (const auto& [id, job] : tables_.jobs) add_run(job, id.as<RunId>(), 1, query, records);
    for (const auto& [id, row] : tables_.runs)
      if (const auto job = tables_.jobs.find(row.job); job != tables_.jobs.end())
        add_run(job->second, id, row.number, query, records);
    std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.run > b.run; });
    if (full(records, query.limit)) records.resize(static_cast<std::size_t>(query.limit));
    return records;
  }

  Result<std::vector<ResultRow>> results(const RunId& run) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<ResultRow> rows;
    for (auto row = tables_.results.lower_bound({run, false, StepIndex{0}, ItemIndex{0}, AttemptNumber{0}});
         row != tables_.results.end() && row->second.task.run == run; ++row)
      rows.push_back(row->second);
    return rows;
  }

  Result<std::vector<AssetRow>> assets_of_run(const RunId& run) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<AssetRow> rows;
    for (const auto& [id, asset] : tables_.assets)
      if (asset.run == run) rows.push_back(asset);
    std::sort(rows.begin(), rows.end(), [](const AssetRow& a, const AssetRow& b) {
      return std::tie(a.step, a.item, a.ordinal, a.id) < std::tie(b.step, b.item, b.ordinal, b.id);
    });
    return rows;
  }

  Result<std::optional<AssetRow>> asset(const AssetId& id) override {
    const std::shared_lock lock(tables_.mutex);
    return find(tables_.assets, id);
  }

  Result<std::vector<ReviewRow>> reviews(const RunId& run) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<ReviewRow> rows;
    for (auto row = tables_.reviews.lower_bound({run, AssetId{}, ""});
         row != tables_.reviews.end() && row->second.run == run; ++row)
      rows.push_back(row->second);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const ReviewRow& a, const ReviewRow& b) { return a.decided_at < b.decided_at; });
    return rows;
  }

  Result<std::vector<SettingRow>> settings(const std::string& kind) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<SettingRow> rows;
    for (auto row = tables_.settings.lower_bound({kind, ""}); row != tables_.settings.end() && row->second.kind == kind;
         ++row)
      rows.push_back(row->second);
    return rows;
  }

  Result<std::vector<JournalRow>> journal(const JournalQuery& query) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JournalRow> rows;
    const auto first = query.chain ? tables_.journal.lower_bound({*query.chain, 0}) : tables_.journal.begin();
    for (auto row = first; row != tables_.journal.end() && rows.size() < query.rows; ++row) {
      if (query.chain && row->second.chain != *query.chain) break;
      if (row->second.first_seq <= query.after_first_seq) continue;
      if (row->second.first_seq + row->second.count > query.from_seq || query.from_seq == 0)
        rows.push_back(row->second);
    }
    return rows;
  }

  Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                   std::uint32_t after_position, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JournalRow> found;
    for (const auto& [key, row] : tables_.journal)
      if (row.shard == shard && place(row) > std::pair(after_transaction, after_position)) found.push_back(row);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return place(a) < place(b); });
    if (found.size() > rows) found.resize(rows);
    return found;
  }

  Result<std::vector<JournalRow>> journal_of_shard_before(ShardId shard, std::uint64_t transaction,
                                                          std::uint32_t position, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JournalRow> found;
    for (const auto& [key, row] : tables_.journal)
      if (row.shard == shard && place(row) < std::pair(transaction, position)) found.push_back(row);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return place(a) > place(b); });
    if (found.size() > rows) found.resize(rows);
    return found;
  }

  Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>& after_key, int limit) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<WorkflowSummary> summaries;
    for (auto row = tables_.workflows.begin(); row != tables_.workflows.end() && !full(summaries, limit); ++row) {
      const auto next = std::next(row);
      const bool newest = next == tables_.workflows.end() || next->first.first != row->first.first;
      if (newest && row->first.first > after_key.value_or("")) summaries.push_back(summary(row->second));
    }
    return summaries;
  }

  Result<std::optional<WorkflowSummary>> workflow(const std::string& key, std::uint32_t version) override {
    const std::shared_lock lock(tables_.mutex);
    auto row = tables_.workflows.find({key, version});
    if (version == 0) {
      row = tables_.workflows.upper_bound({key, UINT32_MAX});
      row = row == tables_.workflows.begin() ? tables_.workflows.end() : std::prev(row);
    }
    if (row == tables_.workflows.end() || row->first.first != key) return std::optional<WorkflowSummary>();
    return std::optional(summary(row->second));
  }

  Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope) override {
    const std::shared_lock lock(tables_.mutex);
    return find(tables_.idempotency, scope);
  }

  Result<std::vector<ShardState>> shards() override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<ShardState> states;
    for (const auto& [shard, state] : tables_.shards) states.push_back(state);
    return states;
  }

  Result<std::vector<JobRow>> open_jobs(ShardId shard, const JobId& after, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JobRow> found;
    const auto state = tables_.shards.find(shard);
    if (state == tables_.shards.end()) return found;
    for (auto job = tables_.jobs.upper_bound(after); job != tables_.jobs.end() && found.size() < rows; ++job)
      if (job->first >= state->second.low_water && tables_.shard_of_slot[job->first.slot()] == shard &&
          is_open(job->second.status) && !tables_.parked.contains(job->first))
        found.push_back(job->second);
    return found;
  }

  Result<std::vector<Parked>> parked(ShardId shard, const Parked& after, Timestamp due_before,
                                     std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<Parked> found;
    for (const auto& [job, due] : tables_.parked)
      if (due > kNever && std::tie(due, job) > std::tie(after.due, after.job) && due < due_before &&
          tables_.shard_of_slot[job.slot()] == shard)
        found.push_back({job, due});
    std::sort(found.begin(), found.end(),
              [](const Parked& a, const Parked& b) { return std::tie(a.due, a.job) < std::tie(b.due, b.job); });
    if (found.size() > rows) found.resize(rows);
    return found;
  }

  Result<std::vector<Accepted>> accepted_jobs(ShardId shard, std::uint64_t after_transaction,
                                              std::uint32_t after_position, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<Accepted> found;
    for (const auto& [key, row] : tables_.journal)
      if (row.shard == shard && row.first_seq == 1 && row.chain != shard_chain(shard) &&
          place(row) > std::pair(after_transaction, after_position))
        found.push_back({row.chain.as<JobId>(), row.transaction, row.position});
    std::ranges::sort(found, {}, [](const Accepted& one) { return std::pair(one.transaction, one.position); });
    if (found.size() > rows) found.resize(rows);
    return found;
  }

  Result<std::vector<JobId>> retained(ShardId shard, Timestamp due_before, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<std::pair<Timestamp, JobId>> found;
    for (const auto& [job, due] : tables_.retained)
      if (due.second == shard && due.first < due_before) found.emplace_back(due.first, job);
    std::ranges::sort(found);
    std::vector<JobId> jobs;
    for (const auto& [due, job] : found)
      if (jobs.size() < rows) jobs.push_back(job);
    return jobs;
  }

  Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                  std::uint32_t after_position, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<JournalStub> found;
    for (auto stub = tables_.stubs.upper_bound({shard, after_transaction, after_position});
         stub != tables_.stubs.end() && stub->second.shard == shard && found.size() < rows; ++stub)
      found.push_back(stub->second);
    return found;
  }

  Result<SweepRow> sweep(ShardId shard) override {
    const std::shared_lock lock(tables_.mutex);
    SweepRow none;
    none.shard = shard;
    return find(tables_.sweeps, shard).value_or(none);
  }

  Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest& after, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<std::pair<Digest, Timestamp>> found;
    for (auto row = tables_.idempotency.upper_bound(after); row != tables_.idempotency.end() && found.size() < rows;
         ++row)
      found.emplace_back(row->first, row->second.created_at);
    return found;
  }

  Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId& after, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<std::pair<AssetId, Digest>> found;
    for (auto row = tables_.assets.upper_bound(after); row != tables_.assets.end() && found.size() < rows; ++row)
      found.emplace_back(row->first, row->second.sha256);
    return found;
  }

  Result<std::vector<ResultBlobs>> result_blobs(const TaskKey& after, std::size_t rows) override {
    const std::shared_lock lock(tables_.mutex);
    std::vector<ResultBlobs> found;
    for (auto row = tables_.results.upper_bound(key_of(after)); row != tables_.results.end() && found.size() < rows;
         ++row)
      if (const ResultRow& result = row->second; result.outputs_blob || result.log_blob)
        found.push_back({result.task, result.outputs_blob, result.log_blob});
    return found;
  }

  Result<std::string> store_id() override { return std::string(); }

  Result<Done> ping() override { return Done{}; }

 private:
  template <class Key, class Row>
  static std::optional<Row> find(const std::map<Key, Row>& table, const Key& key) {
    const auto found = table.find(key);
    return found == table.end() ? std::nullopt : std::optional<Row>(found->second);
  }

  /// Of the shards that have been written to; the others have no jobs.
  JobId lowest_low_water() const {
    std::optional<JobId> lowest;
    for (const auto& [id, shard] : tables_.shards)
      if (shard.seq > 0 && (!lowest || shard.low_water < *lowest)) lowest = shard.low_water;
    return lowest.value_or(JobId{});
  }

  /// Would a walk for this status come by the job at all?
  bool is_walked(const JobId& job, Status status) const {
    if (is_notable(status)) return tables_.notables.contains({status, job});
    return !is_open(status) || job >= lowest_low_water() || tables_.parked.contains(job);
  }
  bool is_listed(const JobRow& job, Status status) const { return job.status == status && is_walked(job.id, status); }

  RunRecord record(const JobRow& job, const RunId& run, std::uint32_t number) const {
    const auto row = find(tables_.runs, run);
    return {job, run, number, row ? row->inputs : Document(), find(tables_.archives, run)};
  }

  void add_run(const JobRow& job, const RunId& run, std::uint32_t number, const RunQuery& query,
               std::vector<RunRecord>& records) const {
    if ((query.before && run >= *query.before) || (query.job && job.id != *query.job) ||
        (query.client_id && job.client_id != *query.client_id) ||
        (query.workflow_key && job.workflow_key != *query.workflow_key))
      return;
    RunRecord found = record(job, run, number);
    if (query.status) {
      const bool newest = job.run == run;
      if (!newest && (!found.archive || is_open(*query.status))) return;
      if ((newest ? job.status : found.archive->status) != *query.status || !is_walked(job.id, *query.status)) return;
    }
    records.push_back(std::move(found));
  }

  WorkflowSummary summary(const WorkflowRow& row) const {
    return {row, find(tables_.disabled, row.key).value_or(false)};
  }

  std::shared_ptr<const MemoryTables> shared_;
  const MemoryTables& tables_;
};

}  // namespace

std::shared_ptr<StoreReader> make_memory_reader(std::shared_ptr<const MemoryTables> tables) {
  return std::make_shared<MemoryReader>(std::move(tables));
}

}  // namespace troupe::store
