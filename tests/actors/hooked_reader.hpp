// The store's reader, with a moment for the test while the journal is being read, and failures on request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "troupe/port/store.hpp"

namespace troupe::test {

class HookedReader final : public StoreReader {
 public:
  explicit HookedReader(std::shared_ptr<StoreReader> inner) : inner_(std::move(inner)) {}

  /// Called once, when the journal has been read and its rows are not yet given.
  std::function<void()> while_reading_journal;
  /// So many of the next calls of open_jobs() find the store away.
  int open_jobs_failures = 0;
  /// Likewise of jobs(), and of jobs_called().
  int jobs_failures = 0, jobs_called_failures = 0;
  /// What settings() says in place of the store.
  std::optional<Result<std::vector<SettingRow>>> settings_answer;
  /// A row beside those of the store.
  std::optional<SettingRow> another_setting;
  /// What is stored of this job is no JSON.
  std::optional<JobId> damaged;
  /// What someone made of the stored definitions.
  std::function<void(WorkflowRow&)> edit_workflow;
  /// How often workflow() was called.
  int workflow_reads = 0;
  /// job() throws, as nothing should.
  bool throws = false;

  Result<std::vector<JournalRow>> journal(const JournalQuery& query) override {
    auto rows = inner_->journal(query);
    if (auto hook = std::exchange(while_reading_journal, nullptr)) hook();
    return rows;
  }

  Result<std::optional<JobRow>> job(const JobId& id) override {
    if (throws) throw std::runtime_error("the reader is broken");
    return inner_->job(id);
  }
  Result<std::vector<JobId>> jobs_called(const std::string& id, const std::optional<std::string>& client) override {
    if (jobs_called_failures > 0) {
      --jobs_called_failures;
      return Error{ErrorCode::not_ready, "the store is away", true, {}};
    }
    return inner_->jobs_called(id, client);
  }
  Result<std::vector<JobRow>> jobs(const JobQuery& query) override {
    if (jobs_failures > 0) {
      --jobs_failures;
      return Error{ErrorCode::not_ready, "the store is away", true, {}};
    }
    return inner_->jobs(query);
  }
  Result<std::optional<RunRecord>> run(const RunId& id) override { return inner_->run(id); }
  Result<std::vector<RunRecord>> runs(const RunQuery& query) override { return inner_->runs(query); }
  Result<std::vector<ResultRow>> results(const RunId& run) override { return inner_->results(run); }
  Result<std::vector<AssetRow>> assets_of_run(const RunId& run) override { return inner_->assets_of_run(run); }
  Result<std::vector<ReviewRow>> reviews(const RunId& run) override { return inner_->reviews(run); }
  Result<std::vector<SettingRow>> settings(const std::string& kind) override {
    auto rows = settings_answer ? *settings_answer : inner_->settings(kind);
    if (rows && another_setting && another_setting->kind == kind) rows->push_back(*another_setting);
    return rows;
  }
  Result<std::optional<AssetRow>> asset(const AssetId& id) override { return inner_->asset(id); }
  Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t after, std::uint32_t position,
                                                   std::size_t rows) override {
    return inner_->journal_of_shard(shard, after, position, rows);
  }
  Result<std::vector<JournalRow>> journal_of_shard_before(ShardId shard, std::uint64_t before, std::uint32_t position,
                                                          std::size_t rows) override {
    return inner_->journal_of_shard_before(shard, before, position, rows);
  }
  Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>& after, int limit) override {
    auto rows = inner_->workflows(after, limit);
    if (rows && edit_workflow)
      for (WorkflowSummary& row : *rows) edit_workflow(row.newest);
    return rows;
  }
  Result<std::optional<WorkflowSummary>> workflow(const std::string& key, std::uint32_t version) override {
    ++workflow_reads;
    auto row = inner_->workflow(key, version);
    if (row && *row && edit_workflow) edit_workflow((*row)->newest);
    return row;
  }
  Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope) override { return inner_->idempotency(scope); }
  Result<std::vector<ShardState>> shards() override { return inner_->shards(); }
  Result<std::vector<JobRow>> open_jobs(ShardId shard, const JobId& after, std::size_t rows) override {
    if (open_jobs_failures > 0) {
      --open_jobs_failures;
      return Error{ErrorCode::not_ready, "the store is away", true, {}};
    }
    auto found = inner_->open_jobs(shard, after, rows);
    for (JobRow& row : *found)
      if (row.id == damaged) row.spec = Document("{ this is no JSON");
    return found;
  }
  Result<std::vector<Parked>> parked(ShardId shard, const Parked& after, Timestamp due_before,
                                     std::size_t rows) override {
    return inner_->parked(shard, after, due_before, rows);
  }
  Result<std::vector<Accepted>> accepted_jobs(ShardId shard, std::uint64_t after, std::uint32_t position,
                                              std::size_t rows) override {
    return inner_->accepted_jobs(shard, after, position, rows);
  }
  Result<std::vector<JobId>> retained(ShardId shard, Timestamp due_before, std::size_t rows) override {
    return inner_->retained(shard, due_before, rows);
  }
  Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t after, std::uint32_t position,
                                                  std::size_t rows) override {
    return inner_->stubs_of_shard(shard, after, position, rows);
  }
  Result<SweepRow> sweep(ShardId shard) override { return inner_->sweep(shard); }
  Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest& after, std::size_t rows) override {
    return inner_->answers(after, rows);
  }
  Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId& after, std::size_t rows) override {
    return inner_->asset_blobs(after, rows);
  }
  Result<std::vector<ResultBlobs>> result_blobs(const TaskKey& after, std::size_t rows) override {
    return inner_->result_blobs(after, rows);
  }
  Result<std::string> store_id() override { return inner_->store_id(); }
  Result<Done> ping() override { return inner_->ping(); }

 private:
  const std::shared_ptr<StoreReader> inner_;
};

}  // namespace troupe::test
