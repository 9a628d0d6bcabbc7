// No more runs of a workflow with the same concurrency key are under way than some version of it allows; and once all
// is quiet, none is held for long while there is room for it.
#include <map>
#include <set>
#include <utility>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Concurrency final : public Checker {
  static constexpr Millis kPatience{60'000};

 public:
  using Checker::Checker;
  std::string_view name() const override { return "concurrency"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr) return;
    if (change.before && change.before->held) is_held_for_a_reason(change);
    const RunState& state = change.job->state;
    if (state.concurrency_key.empty()) return;
    const Key key{change.job->row.workflow_key, state.concurrency_key};
    if (state.held || state.phase == RunPhase::ended) {
      if (is_full(key)) full_until_[key] = world_.now();
      under_way_[key].erase(change.id);
      return;
    }
    if (state.phase != RunPhase::forward) return;  // one that was held may stop without its turn
    if (under_way_[key].insert(change.id).second) grown_.insert(key);
  }

  void committed() override {
    for (const Key& key : std::exchange(grown_, {})) {
      const auto limit = world_.jobs().concurrency_limit(key.first);
      const std::set<JobId>& under_way = under_way_.at(key);
      std::string all;
      for (const JobId& job : under_way) all += " " + to_string(job);
      expect(!limit || under_way.size() <= *limit, "no more runs are under way than their workflow allows",
             key.first + " " + key.second + " has" + all);
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;  ///< workflow and concurrency key

  /// By the newest version, which those go by that wait.
  bool is_full(const Key& key) {
    const WorkflowPtr newest = world_.jobs().workflow(key.first, world_.jobs().newest_version(key.first));
    const auto limit = static_cast<std::size_t>(newest->concurrency_limit);
    return limit != 0 && under_way_[key].size() >= limit;
  }

  void is_held_for_a_reason(const StoredChange& change) {
    const auto quiet = world_.quiet_since();
    const Key key{change.job->row.workflow_key, change.before->concurrency_key};
    if (!quiet || is_full(key)) return;
    const Timestamp since = std::max({*quiet, change.life->started_at, full_until_[key]});
    expect(world_.now() - since <= kPatience, "no run is held while there is room for it", to_string(change.id));
  }

  std::map<Key, std::set<JobId>> under_way_;
  std::map<Key, Timestamp> full_until_;
  std::set<Key> grown_;
};

}  // namespace

std::unique_ptr<Checker> make_concurrency(World& world) { return std::make_unique<Concurrency>(world); }

}  // namespace troupe::sim
