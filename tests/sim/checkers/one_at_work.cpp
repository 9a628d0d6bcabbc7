// What a run has given up goes on until it has stopped, and is waited for: no two attempts of one item are at work in a
// process at the same time, and nothing of a run is undone while anything of it is at work. One that was told to stop
// and does not in time (limits::kStopDeadline) is not waited for, nor is what a worker had that was replaced: nobody
// hears of it any more.
#include <map>
#include <unordered_map>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::sim {
namespace {

std::string text(const TaskKey& task) {
  return "step " + std::to_string(task.step) + " of " + to_string(task.run) + ", item " + std::to_string(task.item) +
         ", attempt " + std::to_string(task.attempt) + ", epoch " + std::to_string(task.epoch) +
         (task.compensation ? ", undoing" : "");
}

class OneAtWork final : public Checker {
  static constexpr Millis kOnItsWay{2'000};  ///< a node counts from when it has sent the word to stop

 public:
  using Checker::Checker;
  std::string_view name() const override { return "one at work"; }

  void task_begins(const Life& life, std::string_view worker, const Task& task) override {
    auto& at_work = at_work_[life.number];
    for (const auto& [other, work] : at_work)
      if (is_in_the_way(other, task.key) && is_waited_for(work))
        expect(false,
               task.key.compensation ? "nothing is undone while something of its run is at work"
                                     : "one attempt of an item is at work",
               life.name() + " begins " + text(task.key) + ", beside " + text(other));
    at_work[task.key] = {std::string(worker)};
  }
  void task_is_to_stop(const Life& life, const TaskKey& task) override {
    at_work_[life.number].at(task).told_at = world_.now();
  }
  void task_ends(const Life& life, std::string_view, const TaskKey& task, const TaskOutcome&) override {
    at_work_[life.number].erase(task);
  }
  void worker_gone(const Life& life, std::string_view worker) override {
    for (auto& [task, work] : at_work_[life.number])
      if (work.worker == worker) work.is_lost = true;
  }
  void node_stopped(const Life& life) override {
    for (const auto& [task, work] : at_work_[life.number])
      expect(!is_waited_for(work, kOnItsWay), "a node that has stopped leaves nothing at work",
             life.name() + ": " + text(task));
  }
  void node_gone(const Life& life) override { at_work_.erase(life.number); }

 private:
  struct Work {
    std::string worker;
    Timestamp told_at = kNever;  ///< to stop
    bool is_lost = false;        ///< its worker was replaced
  };

  /// As the node has it: undoing waits for all of its run, an attempt for those of its own item.
  static bool is_in_the_way(const TaskKey& other, const TaskKey& begun) {
    if (other.run != begun.run) return false;
    return begun.compensation || (other.step == begun.step && other.item == begun.item);
  }
  bool is_waited_for(const Work& work, Millis on_its_way = Millis(0)) const {
    const bool is_stuck = work.told_at != kNever && world_.now() - work.told_at >= limits::kStopDeadline - on_its_way;
    return !is_stuck && !work.is_lost;
  }

  std::map<int, std::unordered_map<TaskKey, Work>> at_work_;  ///< by process
};

}  // namespace

std::unique_ptr<Checker> make_one_at_work(World& world) { return std::make_unique<OneAtWork>(world); }

}  // namespace troupe::sim
