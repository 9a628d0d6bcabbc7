// Reads of a simulated node: other things happen while they last, and they fail while the database is away, or by
// chance.
#pragma once

#include <memory>
#include <optional>

#include "sim/life.hpp"
#include "sim/mutants.hpp"
#include "sim/world.hpp"
#include "troupe/port/store.hpp"

namespace troupe::sim {

class SimReader final : public StoreReader {
 public:
  SimReader(const SimStore& store, World& world, LifePtr life, std::shared_ptr<StoreReader> inner)
      : store_(store), world_(world), life_(std::move(life)), inner_(std::move(inner)) {}

  Result<std::optional<JobRow>> job(const JobId& id) override {
    return read([&] { return inner_->job(id); });
  }
  Result<std::vector<JobId>> jobs_called(const std::string& id, const std::optional<std::string>& client) override {
    return read([&] { return inner_->jobs_called(id, client); });
  }
  Result<std::vector<JobRow>> jobs(const JobQuery& query) override {
    return read([&] { return inner_->jobs(query); });
  }
  Result<std::optional<RunRecord>> run(const RunId& id) override {
    return read([&] { return inner_->run(id); });
  }
  Result<std::vector<RunRecord>> runs(const RunQuery& query) override {
    return read([&] { return inner_->runs(query); });
  }
  Result<std::vector<ResultRow>> results(const RunId& run) override {
    return read([&] { return inner_->results(run); });
  }
  Result<std::vector<AssetRow>> assets_of_run(const RunId& run) override {
    return read([&] { return inner_->assets_of_run(run); });
  }
  Result<std::optional<AssetRow>> asset(const AssetId& id) override {
    return read([&] { return inner_->asset(id); });
  }
  Result<std::vector<ReviewRow>> reviews(const RunId& run) override {
    return read([&] { return inner_->reviews(run); });
  }
  Result<std::vector<SettingRow>> settings(const std::string& kind) override {
    return read([&] { return inner_->settings(kind); });
  }
  Result<std::vector<JournalRow>> journal(const JournalQuery& query) override {
    return read([&] { return inner_->journal(query); });
  }
  Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t after, std::uint32_t position,
                                                   std::size_t rows) override {
    return read([&] { return inner_->journal_of_shard(shard, after, position, rows); });
  }
  Result<std::vector<JournalRow>> journal_of_shard_before(ShardId shard, std::uint64_t before, std::uint32_t position,
                                                          std::size_t rows) override {
    return read([&] { return inner_->journal_of_shard_before(shard, before, position, rows); });
  }
  Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>& after, int limit) override {
    return read([&] { return inner_->workflows(after, limit); });
  }
  Result<std::optional<WorkflowSummary>> workflow(const std::string& key, std::uint32_t version) override {
    return read([&] { return inner_->workflow(key, version); });
  }
  Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope) override {
    return read([&] { return inner_->idempotency(scope); });
  }
  Result<std::vector<ShardState>> shards() override {
    return read([&] { return inner_->shards(); });
  }
  Result<std::vector<JobRow>> open_jobs(ShardId shard, const JobId& after, std::size_t rows) override {
    return read([&] {
      auto found = inner_->open_jobs(shard, after, rows);
      if (found) mutants::on_open_jobs(world_, *found);
      return found;
    });
  }
  Result<std::vector<Parked>> parked(ShardId shard, const Parked& after, Timestamp due_before,
                                     std::size_t rows) override {
    return read([&] {
      auto found = inner_->parked(shard, after, due_before, rows);
      if (found) mutants::on_parked(world_, *found);
      return found;
    });
  }
  Result<std::vector<Accepted>> accepted_jobs(ShardId shard, std::uint64_t after, std::uint32_t position,
                                              std::size_t rows) override {
    return read([&] { return inner_->accepted_jobs(shard, after, position, rows); });
  }
  Result<std::vector<JobId>> retained(ShardId shard, Timestamp due_before, std::size_t rows) override {
    return read([&] { return inner_->retained(shard, due_before, rows); });
  }
  Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t after, std::uint32_t position,
                                                  std::size_t rows) override {
    return read([&] { return inner_->stubs_of_shard(shard, after, position, rows); });
  }
  Result<SweepRow> sweep(ShardId shard) override {
    return read([&] { return inner_->sweep(shard); });
  }
  Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest& after, std::size_t rows) override {
    return read([&] { return inner_->answers(after, rows); });
  }
  Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId& after, std::size_t rows) override {
    return read([&] { return inner_->asset_blobs(after, rows); });
  }
  Result<std::vector<ResultBlobs>> result_blobs(const TaskKey& after, std::size_t rows) override {
    return read([&] { return inner_->result_blobs(after, rows); });
  }
  Result<std::string> store_id() override { return inner_->store_id(); }
  Result<Done> ping() override {
    return read([&] { return inner_->ping(); });
  }

 private:
  template <class Read>
  auto read(Read read) -> decltype(read()) {
    world_.interleave(15, 4);
    const bool unlucky = world_.has_faults() && world_.dice().chance(store_.reads_that_fail());
    if (life_->dead || store_.outage() == SimStore::Outage::away || unlucky)
      return Error{ErrorCode::store_unavailable, "no connection", true, {}};
    auto rows = read();
    world_.interleave(15, 4);
    return rows;
  }

  const SimStore& store_;
  World& world_;
  const LifePtr life_;
  const std::shared_ptr<StoreReader> inner_;
};

}  // namespace troupe::sim
