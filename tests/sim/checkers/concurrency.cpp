// No more runs of a workflow with the same concurrency key are under way than some version of it allows.
#include <map>
#include <set>
#include <utility>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Concurrency final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "concurrency"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr) return;
    const RunState& state = change.job->state;
    if (state.concurrency_key.empty()) return;
    const std::string& workflow = change.job->row.workflow_key;
    auto& under_way = under_way_[{workflow, state.concurrency_key}];
    if (state.held || state.phase == RunPhase::ended) {
      under_way.erase(change.id);
      return;
    }
    if (state.phase != RunPhase::forward) return;  // one that was held may stop without its turn
    if (under_way.insert(change.id).second) grown_.insert({workflow, state.concurrency_key});
  }

  void committed() override {
    for (const Key& key : std::exchange(grown_, {})) {
      const auto limit = world_.jobs().concurrency_limit(key.first);
      const std::size_t count = under_way_.at(key).size();
      expect(!limit || count <= *limit, "no more runs are under way than their workflow allows",
             key.first + " " + key.second + " has " + std::to_string(count));
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;  ///< workflow and concurrency key
  std::map<Key, std::set<JobId>> under_way_;
  std::set<Key> grown_;
};

}  // namespace

std::unique_ptr<Checker> make_concurrency(World& world) { return std::make_unique<Concurrency>(world); }

}  // namespace troupe::sim
