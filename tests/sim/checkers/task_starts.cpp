// No executor is given a task before it may be: its dispatch is durable, and its start where that is to be written
// first; each task is begun once (by two processes where its start need not be written); none begins of a run that has
// ended; what must not be done twice is not begun again while it is not known whether it was done; and a task is given
// what the steps it needs gave.
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

std::string text(const Task& task) {
  return task.step + " of " + to_string(task.key.run) + ", item " + std::to_string(task.key.item) + ", attempt " +
         std::to_string(task.key.attempt) + ", epoch " + std::to_string(task.key.epoch) +
         (task.key.compensation ? ", undoing" : "");
}

class TaskStarts final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "task starts"; }

  void task_begins(const Life& life, std::string_view, const Task& task) override {
    const StoredJob* job = world_.jobs().find(task.job);
    expect(job != nullptr, "no task begins before its job is durable", text(task));
    expect(job->live_ever.contains(task.key), "no task begins before its dispatch is durable", text(task));
    // An undoing that a kill switch stopped is begun again as what it was.
    const bool is_begun_again = task.key.compensation && cancelled_.erase(task.key) > 0;
    expect(begun_.insert({life.number, task.key}).second || is_begun_again, "a task begins once in a process",
           text(task));
    if (task.key.run != job->row.run) {
      expect(!life.owns_shards, "no task begins of a run that was followed by another", text(task));
      return;
    }
    // What was admitted may begin while the order to stop is on its way: it comes right after.
    if (life.owns_shards && !job->started_ever.contains(task.key))
      expect(job->state.phase != RunPhase::ended, "no task begins of a run that has ended", text(task));
    const StepDefinition& step = job->workflow->steps.at(task.key.step);
    const bool commits_start = leaves_process(task.type) || !step.idempotent;
    if (commits_start) {
      expect(job->started_ever.contains(task.key), "no task begins before its start is durable", text(task));
      expect(begun_for_good_.insert(task.key).second || is_begun_again, "a task whose start is durable begins once",
             text(task));
    }
    if (!step.may_be_repeated(task.key.compensation)) begins_for_good(task);
    if (!task.key.compensation) is_given_results(*job, step, task);
  }

  /// Where the results are that a retry goes on from, whatever the node says of it.
  void stored(const StoredChange& change) override {
    for (const Event& event : change.events)
      if (const auto* resolved = std::get_if<DoubtResolved>(&event)) is_decided_about(*resolved, change.change.results);
    if (change.records.empty() || change.records.front().at("action") != "job.retried") return;
    const StoredJob& job = *change.job;
    for (std::size_t i = 0; i < job.state.steps.size(); ++i) {
      if (job.state.steps[i].result_run.is_nil()) continue;
      const auto before = change.workflow_before->find_step(job.workflow->steps[i].name);
      expect(before.has_value(), "a result is reused of a step of the same name", to_string(job.row.run));
      const Place earlier{change.before->run, *before};
      const auto origin = origins_.find(earlier);
      origins_[{job.row.run, static_cast<StepIndex>(i)}] = origin == origins_.end() ? earlier : origin->second;
    }
  }

  void task_ends(const Life&, std::string_view, const TaskKey& task, const TaskOutcome& outcome) override {
    if (outcome.result && outcome.result->outputs.present()) given_[task] = outcome.result->outputs;
    if (!outcome.result && outcome.result.error().code == ErrorCode::cancelled) cancelled_.insert(task);
  }

 private:
  /// Someone knows now what became of it: it may be begun again, or gave what they say.
  void is_decided_about(const DoubtResolved& resolved, const std::vector<ResultRow>& results) {
    const TaskKey& task = resolved.task;
    if (resolved.resolution == Resolution::repeat)
      last_begun_.erase({task.run, task.step, task.item, task.compensation});
    for (const ResultRow& row : results)
      if (row.task == task && row.status == Status::success) given_[task] = row.outputs;
  }

  /// A step with `idempotent: false`: what was begun before must have failed, so that it is known.
  void begins_for_good(const Task& task) {
    auto& last = last_begun_[{task.key.run, task.key.step, task.key.item, task.key.compensation}];
    if (last.attempt != 0)
      expect(task.key.attempt > last.attempt && task.key.epoch >= last.epoch,
             "what must not be done twice is begun again only as a new attempt", text(task));
    last = {task.key.attempt, task.key.epoch};
  }

  void is_given_results(const StoredJob& job, const StepDefinition& step, const Task& task) const {
    const Json config = from_document(task.config);
    const Json* body = nullptr;
    if (config.contains("body")) body = &config.at("body");
    if (config.contains("value")) body = &config.at("value");
    if (body == nullptr || !body->contains("seen")) return;
    for (const StepIndex need : step.needs) {
      const StepDefinition& needed = job.workflow->steps.at(need);
      const StepState& state = job.state.steps.at(need);
      if (state.status != Status::success) continue;  // skipped; or the run has moved on
      const Json& seen = body->at("seen").at(needed.name);
      // A result that is reused may be of a version in which the step was of another type.
      if (needed.type == StepType::delay && needed.for_each.empty() && state.result_run.is_nil())
        expect(seen == Json::object(), "a delay gives an empty object", text(task));
      if (needed.for_each.empty()) {
        same(seen, result_of(job, need, 0), task, needed.name);
      } else {
        expect(seen.is_array() && seen.size() == state.items, "a task is given all items of a need",
               text(task) + ": of " + needed.name + " it sees " + to_text(seen));
        for (ItemIndex item = 0; item < state.items; ++item)
          same(seen.at(item), result_of(job, need, item), task, needed.name);
      }
    }
  }

  /// By their `value`: assets are the worker's to add.
  static void same(const Json& seen, const Json& gave, const Task& task, const std::string& need) {
    const auto value = [](const Json& outputs) {
      return outputs.is_object() ? outputs.value("value", Json()) : Json();
    };
    expect(value(seen) == value(gave), "a task is given what its needs gave",
           text(task) + ": of " + need + " it sees " + to_text(seen) + ", not " + to_text(gave));
  }

  Json result_of(const StoredJob& job, StepIndex step, ItemIndex item) const {
    Place place{job.state.run, step};
    if (const auto origin = origins_.find(place); origin != origins_.end()) place = origin->second;
    const auto counted = job.completed.find({place.first, place.second, item});
    if (counted == job.completed.end()) return Json::object();  // a delay
    const auto given = given_.find(counted->second);
    return given == given_.end() ? Json::object() : from_document(given->second);
  }

  using Place = std::pair<RunId, StepIndex>;
  struct Begun {
    AttemptNumber attempt = 0;
    std::uint16_t epoch = 0;
  };
  std::set<std::pair<int, TaskKey>> begun_;
  std::unordered_set<TaskKey> begun_for_good_, cancelled_;
  std::map<std::tuple<RunId, StepIndex, ItemIndex, bool>, Begun> last_begun_;
  std::unordered_map<TaskKey, Document> given_;
  std::map<Place, Place> origins_;  ///< of reused results: where the step did its work
};

}  // namespace

std::unique_ptr<Checker> make_task_starts(World& world) { return std::make_unique<TaskStarts>(world); }

}  // namespace troupe::sim
