// What is counted was so: a task that the trail calls completed was begun by an executor and told as done by it, and
// only by that attempt, or someone said of it, when it was in doubt, that it was done; nothing of it is counted twice.
#include <unordered_set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class CountedOutcomes final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "counted outcomes"; }

  void task_ends(const Life&, std::string_view, const TaskKey& task, const TaskOutcome& outcome) override {
    if (outcome.result) done_.insert(task);
  }

  void stored(const StoredChange& change) override {
    for (const Event& event : change.events) {
      if (const auto* resolved = std::get_if<DoubtResolved>(&event);
          resolved && resolved->resolution == Resolution::done)
        done_.insert(resolved->task);
      const auto* completed = std::get_if<TaskCompleted>(&event);
      if (completed == nullptr) continue;
      const TaskKey& task = completed->task;
      const StepDefinition& step = change.job->workflow->steps.at(task.step);
      const std::string what = step.name + " of " + to_string(task.run) + ", item " + std::to_string(task.item) +
                               ", attempt " + std::to_string(task.attempt);
      TaskKey any_attempt = task;
      any_attempt.attempt = 0;
      any_attempt.epoch = 0;
      expect(counted_.insert(any_attempt).second, "an item of a run is counted as done once", what);
      const StepType type = task.compensation ? step.compensate->type : step.type;
      if (!needs_no_worker(type) && type != StepType::workflow)
        expect(done_.contains(task), "only what an executor told as done is counted", what);
    }
  }

 private:
  std::unordered_set<TaskKey> done_, counted_;
};

}  // namespace

std::unique_ptr<Checker> make_counted_outcomes(World& world) { return std::make_unique<CountedOutcomes>(world); }

}  // namespace troupe::sim
