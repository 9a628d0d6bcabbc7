#include "sim/stored_jobs.hpp"

#include <cmath>

#include "codec/run_state_codec.hpp"
#include "codec/workflow_codec.hpp"
#include "domain/violation.hpp"
#include "expr/expr.hpp"
#include "sim/trail_events.hpp"

namespace troupe::sim {
namespace {

RunState decoded(const std::string& bytes) {
  auto state = decode_run_state(bytes);
  require(state.ok(), "a stored state can be read");
  return *std::move(state);
}

std::vector<Json> parsed(const std::string& lines) {
  std::vector<Json> records;
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    require(end != std::string_view::npos, "a record ends with its line");
    records.push_back(Json::parse(rest.substr(0, end), nullptr, /*allow_exceptions=*/false));
    require(!records.back().is_discarded(), "a record is JSON");
    rest.remove_prefix(end + 1);
  }
  return records;
}

/// Of a path as the simulator's definitions have it: `${ .steps.NAME.assets }`.
std::string step_in_path(const std::string& path) {
  const std::string_view begin = "${ .steps.";
  require(path.starts_with(begin), "an approval asks for what a step gave");
  return path.substr(begin.size(), path.rfind('.') - begin.size());
}

bool is_open(Status status) { return !has_ended(status); }

}  // namespace

void StoredJobs::follow(const Commit& commit, const LifePtr& life,
                        const std::function<void(const StoredChange&)>& each) {
  for (const Change& change : commit.changes) {
    StoredChange stored{change, {}, nullptr, std::nullopt, nullptr, {}, {}, life};
    follow(change, stored);
    each(stored);
  }
}

void StoredJobs::follow(const Change& change, StoredChange& stored) {
  if (change.workflow) {
    auto compiled = parse_workflow(change.workflow->definition, check_expression);
    require(compiled.ok(), "a stored definition is valid");
    compiled->definition.version = change.workflow->version;
    workflows_[change.workflow->key][change.workflow->version] =
        std::make_shared<WorkflowDefinition>(std::move(compiled->definition));
  }
  for (const SettingRow& row : change.settings) {
    if (row.kind != "schedule") continue;
    if (row.document.present())
      schedules_.insert(row.id);
    else
      schedules_.erase(row.id);
  }
  if (!change.insert && !change.update) return;
  stored.id = change.insert ? change.insert->id : change.update->id;
  if (change.journal) stored.records = parsed(change.journal->records);

  StoredJob& job = jobs_[stored.id];
  if (change.insert) {
    require(job.versions.empty(), "a job is inserted once");
    job.row = *change.insert;
    const Json spec = from_document(job.row.spec);
    job.timeout = Millis(std::llround(spec.value("timeout_seconds", 0.0) * 1000));
    job.inputs = to_document(spec.at("inputs"));
    job.is_child = spec.contains("parent");
    ids_.push_back(stored.id);
    open_ += is_open(job.row.status) ? 1 : 0;
  } else {
    require(!job.versions.empty(), "only a job that was accepted is changed");
    const JobUpdate& update = *change.update;
    require(job.row.last_seq == update.expected_seq, "a change follows the one before it");
    stored.before = job.state;
    stored.workflow_before = job.workflow;
    open_ -= is_open(job.row.status) ? 1 : 0;
    job.row.status = update.status;
    job.row.last_seq = update.last_seq;
    job.row.head = update.head;
    job.row.run = update.run;
    job.row.run_workflow_version = update.run_workflow_version;
    job.row.outputs = update.outputs;
    job.row.error = update.error;
    if (change.run)
      job.inputs =
          change.run->inputs.present() ? change.run->inputs : to_document(from_document(job.row.spec).at("inputs"));
    open_ += is_open(job.row.status) ? 1 : 0;
  }
  job.state = decoded(change.insert ? change.insert->state : change.update->state);
  job.workflow = workflow(job.row.workflow_key, job.row.run_workflow_version);
  require(job.workflow != nullptr, "a job's definition is durable before the job");
  job.runs.insert(job.row.run);
  job.versions.emplace_back(job.row.last_seq, job.row.status);
  for (const AssetRow& asset : change.assets) {
    job.images.push_back(asset.id);
    job.given[{asset.run, asset.step}].push_back(asset.id);
  }
  if (change.unpark) job.parked = false;
  if (change.park) job.parked = true;
  stored.events = events_of_records(stored.records, stored.before ? &*stored.before : nullptr, job.state, *job.workflow,
                                    [&](StepIndex approval) { return job.images_asked_for(approval); });
  note_tasks(job, stored.events);
  stored.job = &job;
}

void StoredJobs::note_tasks(StoredJob& job, const std::vector<Event>& events) const {
  const RunState& state = job.state;
  for (std::size_t i = 0; i < state.steps.size(); ++i)
    for (const LiveItem& item : state.steps[i].live)
      job.live_ever.insert({state.run, static_cast<StepIndex>(i), item.item, item.attempt, false, state.epoch});
  if (state.compensation)
    job.live_ever.insert(
        {state.run, state.compensation_step, state.compensation->item, state.compensation->attempt, true, state.epoch});
  for (const Event& event : events) {
    if (const auto* started = std::get_if<TaskStarted>(&event)) job.started_ever.insert(started->task);
    if (const auto* completed = std::get_if<TaskCompleted>(&event); completed && !completed->task.compensation)
      job.completed[{completed->task.run, completed->task.step, completed->task.item}] = completed->task;
  }
}

RunId StoredJob::run_of_results(StepIndex step) const {
  const RunId& reused = state.steps.at(step).result_run;
  return reused.is_nil() ? state.run : reused;
}

std::vector<AssetId> StoredJob::images_asked_for(StepIndex approval) const {
  const std::string step = step_in_path(from_document(workflow->steps.at(approval).config).at("assets"));
  const auto found = given.find({run_of_results(*workflow->find_step(step)), step});
  return found == given.end() ? std::vector<AssetId>() : found->second;
}

const StoredJob* StoredJobs::find(const JobId& id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

WorkflowPtr StoredJobs::workflow(const std::string& key, std::uint32_t version) const {
  const auto versions = workflows_.find(key);
  if (versions == workflows_.end()) return nullptr;
  const auto found = versions->second.find(version);
  return found == versions->second.end() ? nullptr : found->second;
}

std::optional<std::size_t> StoredJobs::concurrency_limit(const std::string& key) const {
  std::size_t greatest = 0;
  for (const auto& [number, version] : workflows_.at(key)) {
    if (version->concurrency_limit == 0) return std::nullopt;
    greatest = std::max(greatest, static_cast<std::size_t>(version->concurrency_limit));
  }
  return greatest;
}

std::uint32_t StoredJobs::newest_version(const std::string& key) const {
  const auto versions = workflows_.find(key);
  return versions == workflows_.end() ? 0 : versions->second.rbegin()->first;
}

}  // namespace troupe::sim
