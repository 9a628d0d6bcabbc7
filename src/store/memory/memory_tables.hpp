// The tables as ordered maps, under one lock, with the keys the SQL engines have. Internal to this room.
#pragma once

#include <map>
#include <set>
#include <shared_mutex>
#include <tuple>

#include "troupe/port/store.hpp"

namespace troupe::store {

/// By run, compensation, step, item, attempt.
using ResultKey = std::tuple<RunId, bool, StepIndex, ItemIndex, AttemptNumber>;
inline ResultKey key_of(const TaskKey& task) {
  return {task.run, task.compensation, task.step, task.item, task.attempt};
}

struct MemoryTables {
  MemoryTables();

  std::map<JobId, JobRow> jobs;
  std::map<std::pair<ChainId, std::uint64_t>, JournalRow> journal;
  std::map<std::pair<std::string, std::string>, JobKeyRow> job_keys;  ///< by job_id, client
  std::map<Digest, IdempotencyRow> idempotency;
  std::map<ResultKey, ResultRow> results;
  std::map<AssetId, AssetRow> assets;
  std::map<std::tuple<RunId, AssetId, std::string>, ReviewRow> reviews;  ///< by run, asset, reviewer
  std::map<std::pair<std::string, std::string>, SettingRow> settings;    ///< by kind, id
  std::map<RunId, RunRow> runs;
  std::map<RunId, RunArchive> archives;
  std::set<std::pair<Status, JobId>> notables;
  std::map<std::pair<std::string, std::uint32_t>, WorkflowRow> workflows;
  std::map<std::string, bool> disabled;
  std::map<JobId, Timestamp> parked;
  std::map<std::tuple<ShardId, std::uint64_t, std::uint32_t>, JournalStub> stubs;  ///< by place
  std::map<JobId, std::pair<Timestamp, ShardId>> retained;
  std::map<ShardId, SweepRow> sweeps;
  std::map<ShardId, ShardState> shards;
  std::array<ShardId, kSlotCount> shard_of_slot{};

  mutable std::shared_mutex mutex;  ///< guards everything above but shard_of_slot, which is constant
};

std::unique_ptr<StoreWriter> make_memory_writer(std::shared_ptr<MemoryTables> tables);
std::shared_ptr<StoreReader> make_memory_reader(std::shared_ptr<const MemoryTables> tables);

}  // namespace troupe::store
