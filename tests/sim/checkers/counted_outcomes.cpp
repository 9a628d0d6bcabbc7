// What is counted was so: a task that the trail calls completed was begun by an executor and told as done by it, and
// only by that attempt, or someone said of it, when it was in doubt, that it was done; nothing of it is counted twice,
// and all that it gave is kept with it.
#include <algorithm>
#include <unordered_map>
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
    if (!outcome.result) return;
    done_.insert(task);
    told_[task].push_back(
        {value_of(outcome.result->outputs.view()), outcome.log.empty(), outcome.result->assets.size()});
  }

  void stored(const StoredChange& change) override {
    for (const Json& record : change.records)
      if (record.at("action") == "step.completed" && !record.at("details").contains("attempt"))
        expect(is_done(*change.job, record.at("details").at("step").get<std::string>()),
               "a step whose items the trail calls completed has succeeded", record.dump());
    std::size_t fewest = 0, most = 0;  // images
    for (const Event& event : change.events) {
      if (const auto* resolved = std::get_if<DoubtResolved>(&event);
          resolved && resolved->resolution == Resolution::done) {
        done_.insert(resolved->task);
        told_.erase(resolved->task);
      }
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
      const auto told = told_.find(task);
      if (told == told_.end()) continue;
      const auto [least, greatest] = std::ranges::minmax(told->second, {}, &Told::images);
      fewest += least.images;
      most += greatest.images;
      expect(
          std::ranges::any_of(told->second, [&](const Told& one) { return is_kept(task, one, change.change.results); }),
          "what an attempt gave is kept with its end", what);
    }
    const std::size_t images = change.change.assets.size();
    expect(fewest <= images && images <= most, "all images that attempts gave are kept with their end",
           std::to_string(images) + ", of " + std::to_string(fewest) + " to " + std::to_string(most));
  }

 private:
  struct Told {
    std::string value;  ///< within the outputs: names the attempt; empty: they are {}
    bool silent;        ///< without a log
    std::size_t images;
  };

  static bool is_done(const StoredJob& job, const std::string& step) {
    return job.state.steps.at(*job.workflow->find_step(step)).status == Status::success;
  }
  static std::string value_of(std::string_view outputs) {
    return from_document(Document(std::string(outputs))).value("value", "");
  }
  static bool is_kept(const TaskKey& task, const Told& told, const std::vector<ResultRow>& rows) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const ResultRow& one) { return one.task == task; });
    if (row == rows.end()) return told.value.empty() && told.silent;
    return row->status == Status::success && (row->log_bytes == 0) == told.silent &&
           (row->outputs_blob || value_of(row->outputs.view()) == told.value);
  }

  std::unordered_set<TaskKey> done_, counted_;
  std::unordered_map<TaskKey, std::vector<Told>> told_;  ///< several: by a node that was fenced, too
};

}  // namespace

std::unique_ptr<Checker> make_counted_outcomes(World& world) { return std::make_unique<CountedOutcomes>(world); }

}  // namespace troupe::sim
