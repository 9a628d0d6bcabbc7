// Whenever a node dies, the next one finds every open job: among the parked ones, or above its shard's low-water mark.
#include <set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

/// However long they take: what they say finds the job, and nothing else has to.
bool waits_for_people_only(const RunState& state) {
  if (state.compensation && state.compensation->phase == AttemptPhase::in_doubt) return true;
  if (state.phase != RunPhase::forward || state.paused_at == kNever) return false;
  for (const StepState& step : state.steps) {
    if (step.status == Status::running && step.deadline != kNever) return false;
    for (const LiveItem& item : step.live)
      if (item.phase != AttemptPhase::in_doubt && (item.phase != AttemptPhase::awaiting || item.due != kNever))
        return false;
  }
  return true;
}

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
      const bool is_looked_for = !has_ended(job.row.status) && !(job.parked && waits_for_people_only(job.state));
      if (is_looked_for) expect(found.contains(id), "an open job is found after a restart", to_string(id));
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_recoverable(World& world) { return std::make_unique<Recoverable>(world); }

}  // namespace troupe::sim
