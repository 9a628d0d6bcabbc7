// Whenever a node dies, the next one finds every open job: among the parked ones, or above its shard's low-water mark.
#include <set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Recoverable final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "recoverable"; }

  void node_gone(const Life&) override {
    StoreReader& truth = world_.store().truth();
    std::set<JobId> found;
    for (ShardId shard = 0; shard < kShardCount; ++shard) {
      const auto rows = truth.open_jobs(shard, JobId{}, 1'000'000);
      for (const JobRow& row : *rows) found.insert(row.id);
      const auto parked = truth.parked(shard, {}, Timestamp::max(), 1'000'000);
      for (const StoreReader::Parked& row : *parked) found.insert(row.job);
    }
    for (const JobId& id : world_.jobs().ids()) {
      const StoredJob& job = *world_.jobs().find(id);
      if (!has_ended(job.row.status)) expect(found.contains(id), "an open job is found after a restart", to_string(id));
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_recoverable(World& world) { return std::make_unique<Recoverable>(world); }

}  // namespace troupe::sim
