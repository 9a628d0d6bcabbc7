#include "store_memory/memory_store.hpp"

#include "store_memory/memory_tables.hpp"

namespace troupe {
namespace store {
namespace {

class MemoryStore final : public Store {
 public:
  Result<SchemaChange> migrate() override { return SchemaChange{}; }
  Result<std::unique_ptr<StoreWriter>> writer() override { return make_memory_writer(tables_); }
  Result<std::shared_ptr<StoreReader>> reader(std::size_t) override { return make_memory_reader(tables_); }
  Result<std::unique_ptr<StoreMaintenance>> maintenance() override {
    return {ErrorCode::not_supported, "memory: keeps nothing that could be checked, backed up or restored"};
  }
  std::string kind() const override { return "memory"; }

 private:
  std::shared_ptr<MemoryTables> tables_ = std::make_shared<MemoryTables>();
};

}  // namespace

MemoryTables::MemoryTables() {
  for (Slot slot = 0; slot < kSlotCount; ++slot) shard_of_slot[slot] = static_cast<ShardId>(slot % kShardCount);
  for (ShardId shard = 0; shard < kShardCount; ++shard) shards[shard].shard = shard;
}

}  // namespace store

std::unique_ptr<Store> make_memory_store() { return std::make_unique<store::MemoryStore>(); }

}  // namespace troupe
