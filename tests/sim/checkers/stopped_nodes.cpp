// A node that was stopped in order has kept what it knew: what its executors told is durable. Not so what its run had
// given up, and what the database did not take in time.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::sim {
namespace {

class StoppedNodes final : public Checker {
  static constexpr Millis kPatience{2 * limits::kStopDeadline};  // of the node, with its database

 public:
  using Checker::Checker;
  std::string_view name() const override { return "stopped nodes"; }

  void task_begins(const Life& life, std::string_view, const Task& task) override {
    tasks_[life.number][task.key] = {task.job};
  }
  void task_is_to_stop(const Life& life, const TaskKey& task) override {
    tasks_[life.number].at(task).told_to_stop = world_.now();
  }
  void task_ends(const Life& life, std::string_view, const TaskKey& task, const TaskOutcome& outcome) override {
    Begun& begun = tasks_[life.number].at(task);
    const bool is_handed_back = !outcome.result && outcome.result.error().code == ErrorCode::cancelled;
    const bool is_too_late = begun.told_to_stop != kNever && world_.now() - begun.told_to_stop >= limits::kStopDeadline;
    begun.has_told = !is_handed_back && !is_too_late;
  }

  void node_stopped(const Life& life) override {
    const SimStore& store = world_.store();
    if (life.had_shards && !life.owns_shards) return;
    if (store.outage() != SimStore::Outage::none || world_.now() - store.last_outage() < kPatience) return;
    for (const auto& [task, begun] : tasks_[life.number])
      if (begun.has_told && !world_.was_refused(begun.job))
        expect(!is_live(*world_.jobs().find(begun.job), task),
               "what executors told is durable when the node has stopped",
               life.name() + ": step " + std::to_string(task.step) + " of " + to_string(task.run) + ", item " +
                   std::to_string(task.item) + ", attempt " + std::to_string(task.attempt));
  }
  void node_gone(const Life& life) override { tasks_.erase(life.number); }

 private:
  struct Begun {
    JobId job;
    Timestamp told_to_stop = kNever;
    bool has_told = false;  ///< what became of it
  };

  static bool is_live(const StoredJob& job, const TaskKey& task) {
    const RunState& state = job.state;
    if (state.run != task.run || state.epoch != task.epoch) return false;
    const auto is_this = [&](const LiveItem& item) { return item.item == task.item && item.attempt == task.attempt; };
    if (task.compensation)
      return state.compensation && state.compensation_step == task.step && is_this(*state.compensation);
    const auto& live = state.steps.at(task.step).live;
    return std::any_of(live.begin(), live.end(), is_this);
  }

  std::map<int, std::unordered_map<TaskKey, Begun>> tasks_;  ///< by process
};

}  // namespace

std::unique_ptr<Checker> make_stopped_nodes(World& world) { return std::make_unique<StoppedNodes>(world); }

}  // namespace troupe::sim
