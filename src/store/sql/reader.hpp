// The StoreReader of both SQL databases: one SELECT a call, each on a session of the pool. Thread-safe.
#pragma once

#include "store_sql/select.hpp"
#include "store_sql/session_pool.hpp"
#include "troupe/port/store.hpp"

namespace troupe::store {

class SqlReader final : public StoreReader {
 public:
  SqlReader(std::size_t connections, OpenSession open) : pool_(connections, std::move(open)) {}

  Result<std::optional<JobRow>> job(const JobId& id) override;
  Result<std::vector<JobId>> jobs_called(const std::string& job_id, const std::optional<std::string>& client) override;
  Result<std::vector<JobRow>> jobs(const JobQuery& query) override;
  Result<std::optional<RunRecord>> run(const RunId& id) override;
  Result<std::vector<RunRecord>> runs(const RunQuery& query) override;
  Result<std::vector<ResultRow>> results(const RunId& run) override;
  Result<std::vector<AssetRow>> assets_of_run(const RunId& run) override;
  Result<std::optional<AssetRow>> asset(const AssetId& id) override;
  Result<std::vector<ReviewRow>> reviews(const RunId& run) override;
  Result<std::vector<SettingRow>> settings(const std::string& kind) override;
  Result<std::vector<JournalRow>> journal(const JournalQuery& query) override;
  Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                   std::uint32_t after_position, std::size_t rows) override;
  Result<std::vector<JournalRow>> journal_of_shard_before(ShardId shard, std::uint64_t transaction,
                                                          std::uint32_t position, std::size_t rows) override;
  Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>& after_key, int limit) override;
  Result<std::optional<WorkflowSummary>> workflow(const std::string& key, std::uint32_t version) override;
  Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope) override;
  Result<std::vector<ShardState>> shards() override;
  Result<std::vector<JobRow>> open_jobs(ShardId shard, const JobId& after, std::size_t rows) override;
  Result<std::vector<Parked>> parked(ShardId shard, const Parked& after, Timestamp due_before,
                                     std::size_t rows) override;
  Result<std::vector<Accepted>> accepted_jobs(ShardId shard, std::uint64_t after_transaction,
                                              std::uint32_t after_position, std::size_t rows) override;
  Result<std::vector<JobId>> retained(ShardId shard, Timestamp due_before, std::size_t rows) override;
  Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                  std::uint32_t after_position, std::size_t rows) override;
  Result<SweepRow> sweep(ShardId shard) override;
  Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest& after, std::size_t rows) override;
  Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId& after, std::size_t rows) override;
  Result<std::vector<ResultBlobs>> result_blobs(const TaskKey& after, std::size_t rows) override;
  Result<std::string> store_id() override;
  Result<Done> ping() override;

 private:
  /// All rows of a SELECT, each read by `take`.
  template <class Row>
  Result<std::vector<Row>> all(const Select& select, Row (*take)(FieldSource&));
  /// The only row, if there is one.
  template <class Row>
  Result<std::optional<Row>> one(const Select& select, Row (*take)(FieldSource&));

  SessionPool pool_;
};

}  // namespace troupe::store
