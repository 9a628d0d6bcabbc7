// A run has the inputs that it was asked to have: those of its client, its step or its retry, or of the run before,
// with what its version fills in; it is stored with them, shown with them, and its tasks are given them. A retry goes
// by the version and from the step that was named: it takes over exactly what stands and does not depend on that step,
// and nothing that would be undone otherwise than it was done. Every run of a job is kept.
#include <map>
#include <set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Retries final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "retries"; }

  void asked(const Request& request) override {
    if (request.retry) wanted_[request.mark()] = *request.retry;
    if (request.wish) submitted_[request.mark()] = request.wish;
  }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr || change.records.empty()) return;
    const bool is_new = change.change.insert.has_value();
    if (!is_new && change.records.front().at("action") != "job.retried") return;
    const StoredJob& job = *change.job;
    const Json inputs = from_document(job.inputs);
    if (const auto expected = is_new ? inputs_of_new(job) : inputs_of_retry(change))
      expect(inputs == *expected, "a run has the inputs that it was asked to have",
             to_string(job.row.run) + " has " + to_text(inputs) + ", not " + to_text(*expected));
    runs_[job.row.run] = {inputs, job.workflow};
    if (!is_new) retried(change);
  }

  void task_begins(const Life&, std::string_view, const Task& task) override {
    const auto run = runs_.find(task.key.run);
    const Json config = from_document(task.config);
    const char* where = config.contains("body") ? "body" : "value";
    if (run == runs_.end() || !config.contains(where)) return;
    for (const char* name : {"n", "extra"})
      expect(config.at(where).at(name) == run->second.inputs.value(name, Json()),
             "a task is given the inputs of its run", task.step + " of " + to_string(task.key.run));
  }

  void shown(const Request& request, const Result<JobView>& result) override {
    if (!result) return;
    const RunView& newest = result->newest;
    if (newest.inputs.present())
      expect(from_document(newest.inputs) == runs_.at(newest.id).inputs, "a run is shown with its inputs",
             request.mark());
    std::uint32_t number = 0;
    for (const RunView& run : result->runs)
      expect(run.number == ++number, "all runs are shown, oldest first", request.mark() + ", run " + to_string(run.id));
    expect(result->runs.empty() || number == newest.number, "the newest run is shown last", request.mark());
  }

 private:
  struct Run {
    Json inputs;
    WorkflowPtr workflow;
  };

  static Json filled_in(Json inputs, const WorkflowDefinition& workflow) {
    if (!workflow.inputs_schema.present()) return inputs;
    const Json schema = from_document(workflow.inputs_schema);
    for (const auto& [name, property] : schema.at("properties").items())
      if (!inputs.contains(name) && property.contains("default")) inputs[name] = property.at("default");
    return inputs;
  }

  /// Nothing: of a schedule.
  std::optional<Json> inputs_of_new(const StoredJob& job) const {
    if (job.is_child) {
      const Json parent = from_document(job.row.spec).at("parent");
      const RunId run = parse_id<RunId>(parent.at("run_id").get<std::string>()).value();
      return filled_in(runs_.at(run).inputs, *job.workflow);
    }
    const auto wish = submitted_.find(job.row.user_id);
    if (wish == submitted_.end()) return std::nullopt;
    const SubmitJob& wanted = wish->second->job;
    expect(wanted.workflow_version == 0 || wanted.workflow_version == job.row.workflow_version,
           "a job is of the version that was named", job.row.user_id);
    return filled_in(from_document(wanted.inputs), *job.workflow);
  }

  std::optional<Json> inputs_of_retry(const StoredChange& change) const {
    const auto wanted = wanted_.find(change.records.front().at("actor").get<std::string>());
    const Run& before = runs_.at(change.before->run);
    if (wanted != wanted_.end() && wanted->second.inputs.present()) {
      world_.saw("retried with other inputs");
      return filled_in(from_document(wanted->second.inputs), *change.job->workflow);
    }
    const bool is_same = before.workflow->version == change.job->workflow->version;
    return is_same ? before.inputs : filled_in(before.inputs, *change.job->workflow);
  }

  void retried(const StoredChange& change) {
    const StoredJob& job = *change.job;
    const std::string what = to_string(job.row.run);
    std::optional<std::string> from_step;
    const Json& record = change.records.front();
    if (const auto wanted = wanted_.find(record.at("actor").get<std::string>()); wanted != wanted_.end()) {
      const RetryJob& retry = wanted->second;
      from_step = retry.from_step;
      expect(retry.workflow_version == 0 || retry.workflow_version == job.workflow->version,
             "a retry is of the version that was named", what);
    }
    const Json& details = record.at("details");
    expect(details.value("from_step", "") == from_step.value_or(""), "the trail tells from where a retry goes", what);
    const auto& archive = change.change.archive;
    expect(archive && archive->id == change.before->run && archive->number == change.before->number &&
               archive->status == change.before->status && archive->workflow_version == change.workflow_before->version,
           "the run before a retry is kept", what);
    expect(job.state.number == change.before->number + 1, "runs are counted", what);
    takes_over(change, from_step);
  }

  void takes_over(const StoredChange& change, const std::optional<std::string>& from_step) {
    const StoredJob& job = *change.job;
    for (std::size_t i = 0; i < job.state.steps.size(); ++i) {
      const auto step = static_cast<StepIndex>(i);
      const StepDefinition& definition = job.workflow->steps[i];
      const RunId& origin = job.state.steps[i].result_run;
      const std::string what = definition.name + " in " + to_string(job.row.run);
      expect(!origin.is_nil() == (from_step && stands(change, step, *from_step)),
             "a retry takes over what stands, and nothing else", what);
      if (origin.is_nil()) continue;
      world_.saw("step reused");
      if (!definition.compensate || job.state.steps[i].done.count() == 0) continue;
      const Run& done_in = runs_.at(origin);
      const StepDefinition& done_as = done_in.workflow->steps.at(*done_in.workflow->find_step(definition.name));
      expect(done_in.inputs == runs_.at(job.row.run).inputs && done_as.compensate &&
                 done_as.compensate->type == definition.compensate->type &&
                 done_as.compensate->config == definition.compensate->config && done_as.for_each == definition.for_each,
             "what is taken over would be undone as it was done", what);
    }
  }

  /// Is the step done, not undone, and neither the one to begin from nor after one that is done again?
  static bool stands(const StoredChange& change, StepIndex step, const std::string& from_step) {
    const StepDefinition& definition = change.job->workflow->steps.at(step);
    const auto before = change.workflow_before->find_step(definition.name);
    if (definition.name == from_step || !before) return false;
    const StepState& gave = change.before->steps.at(*before);
    if (gave.status != Status::success && gave.status != Status::skipped) return false;
    if (gave.compensated.count() > 0) return false;
    if (definition.for_each.empty() != change.workflow_before->steps.at(*before).for_each.empty()) return false;
    if (gave.failed.count() > 0 && !definition.collects_failures()) return false;
    for (const StepIndex need : definition.needs)
      if (!stands(change, need, from_step)) return false;
    return true;
  }

  std::map<std::string, RetryJob> wanted_;    ///< by mark
  std::map<std::string, WishPtr> submitted_;  ///< by mark
  std::map<RunId, Run> runs_;
};

}  // namespace

std::unique_ptr<Checker> make_retries(World& world) { return std::make_unique<Retries>(world); }

}  // namespace troupe::sim
