// A worker never has more tasks than slots. One that was replaced may, while the old one's tasks are being stopped.
#include <map>
#include <set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Slots final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "slots"; }

  void task_begins(const Life& life, std::string_view worker, const Task& task) override {
    auto& has = has_[{life.number, std::string(worker)}];
    has.insert(task.key);
    expect(has.size() <= life.slots || replaced_.contains({life.number, std::string(worker)}),
           "a worker has no more tasks than slots",
           life.name() + " " + std::string(worker) + " has " + std::to_string(has.size()));
  }
  void task_ends(const Life& life, std::string_view worker, const TaskKey& task, const TaskOutcome&) override {
    has_[{life.number, std::string(worker)}].erase(task);
  }
  void worker_gone(const Life& life, std::string_view worker) override {
    replaced_.emplace(life.number, std::string(worker));
  }

 private:
  std::map<std::pair<int, std::string>, std::set<TaskKey>> has_;
  std::set<std::pair<int, std::string>> replaced_;
};

}  // namespace

std::unique_ptr<Checker> make_slots(World& world) { return std::make_unique<Slots>(world); }

}  // namespace troupe::sim
