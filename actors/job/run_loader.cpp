#include "actors/job/run_loader.hpp"

#include <cmath>
#include <exception>
#include <map>
#include <set>

#include "actors/ingress/workflow_catalog.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {

namespace {

Json parent_to_json(const ParentStep& parent) {
  return {{"job_id", to_string(parent.job)},
          {"run_id", to_string(parent.task.run)},
          {"step", parent.step},
          {"position", parent.task.step},
          {"item", parent.task.item},
          {"attempt", parent.task.attempt},
          {"undo", parent.task.compensation},
          {"depth", parent.depth}};
}

std::optional<ParentStep> parent_from_spec(const Json& spec) {
  const auto found = spec.find("parent");
  if (found == spec.end()) return std::nullopt;
  const auto job = parse_id<JobId>(found->value("job_id", ""));
  const auto run = parse_id<RunId>(found->value("run_id", ""));
  if (!job || !run) return std::nullopt;
  ParentStep parent;
  parent.job = *job;
  parent.task.run = *run;
  parent.task.step = found->value("position", StepIndex{0});
  parent.task.item = found->value("item", ItemIndex{0});
  parent.task.attempt = found->value("attempt", AttemptNumber{1});
  parent.task.compensation = found->value("undo", false);
  parent.step = found->value("step", "");
  parent.depth = found->value("depth", 1);
  return parent;
}

/// Does the step still wait for the job that was made for it? Where that cannot be read, yes.
bool is_awaited(NodeContext& node, const ParentStep& parent) {
  const auto row = node.reader.job(parent.job);
  if (!row) return true;
  if (!*row || (*row)->run != parent.task.run || has_ended((*row)->status)) return false;
  const auto state = decode_run_state((*row)->state);
  if (!state) return true;
  TaskKey task = parent.task;
  task.epoch = state->epoch;
  return is_live(*state, task) && (task.compensation || state->phase == RunPhase::forward);
}

}  // namespace

std::string job_key_of(const JobRow& row) {
  if (!row.job_id.empty() || row.spec.view().find("\"parent\":") == std::string_view::npos) return row.job_id;
  const auto parent = parent_from_spec(from_document(row.spec));
  return parent ? child_job_key(parent->task) : std::string();
}

std::string traceparent_of(const JobId& id) {
  const std::string hex = to_hex(id.bytes.data(), id.bytes.size());
  return "00-" + hex + "-" + hex.substr(16) + "-01";  // a UUID's second half is never zero, which no span may be
}

Document job_spec(const Document& inputs, const Document& metadata, const std::string& callback_url, Millis timeout,
                  const std::string& traceparent, const std::optional<ParentStep>& parent) {
  std::string spec = "{\"inputs\":";
  spec += inputs.present() ? inputs.view() : "{}";
  spec += ",\"metadata\":";
  spec += metadata.present() ? metadata.view() : "{}";
  spec += ",\"timeout_seconds\":" + to_text(Json(static_cast<double>(timeout.count()) / 1000.0));
  if (!callback_url.empty()) spec += ",\"callback_url\":" + to_text(Json(callback_url));
  if (!traceparent.empty()) spec += ",\"traceparent\":" + to_text(Json(traceparent));
  if (parent) spec += ",\"parent\":" + to_text(parent_to_json(*parent));
  spec += '}';
  return Document(std::move(spec));
}

JobFactsPtr job_facts(const JobRow& row, const Document& inputs) {
  const Json spec = from_document(row.spec);
  auto facts = std::make_shared<JobFacts>();
  facts->id = row.id;
  facts->client_id = row.client_id;
  facts->client_job_id = row.job_id;
  facts->workflow_key = row.workflow_key;
  facts->traceparent = spec.value("traceparent", traceparent_of(row.id));
  facts->priority = row.priority;
  facts->created_at = row.created_at;
  facts->inputs = inputs.present() ? inputs : to_document(spec.value("inputs", Json::object()));
  facts->metadata = to_document(spec.value("metadata", Json::object()));
  facts->timeout = Millis(std::llround(spec.value("timeout_seconds", 300.0) * 1000.0));
  facts->parent = parent_from_spec(spec);
  return facts;
}

std::optional<ConcurrencyGate::Claim> claim_of(const JobFacts& job, const RunState& state) {
  if (state.concurrency_key.empty()) return std::nullopt;
  return ConcurrencyGate::Claim{
      job.id, state.run, job.client_id, job.priority, job.workflow_key, state.concurrency_key, state.accepted_at};
}

Result<std::string> concurrency_key_of(Evaluator& evaluator) {
  auto key = evaluator.concurrency_key();
  if (key) return key;
  return Error{ErrorCode::validation_failed,
               "the workflow's concurrency key has no value for these inputs",
               false,
               {{"/inputs", key.error().message}}};
}

RunFacts run_facts(const JobFacts& job, const RunId& run) {
  return {job.id, run, job.client_id, job.client_job_id, job.inputs, job.metadata};
}

Result<Document> newest_inputs(NodeContext& node, const JobRow& row) {
  if (row.run != row.id.as<RunId>()) {
    const auto record = node.reader.run(row.run);
    if (!record) return record.error();
    if (*record && (*record)->inputs.present()) return (*record)->inputs;
  }
  return to_document(from_document(row.spec).value("inputs", Json::object()));
}

bool is_same_json(const Document& one, const Document& other) {
  return one == other || canonical_json(from_document(one)) == canonical_json(from_document(other));
}

Result<Document> outputs_of(NodeContext& node, const ResultRow& row) {
  if (!row.outputs_blob) return row.outputs;
  auto bytes = node.blobs.get(*row.outputs_blob);
  if (!bytes) return bytes.error();
  return Document(*std::move(bytes));
}

namespace {

bool is_wanted(const ResultRow& row, const StepState& step) {
  if (row.task.compensation) return false;
  return row.status == Status::success ? step.done.test(row.task.item) : step.failed.test(row.task.item);
}

/// Makes what the rows say of these steps visible. Rows of one item come by attempt, so that the last one stands.
Result<std::size_t> show_results(NodeContext& node, const std::vector<ResultRow>& rows,
                                 const std::set<std::size_t>& steps, const RunState& state, Evaluator& evaluator) {
  std::size_t bytes = 0;
  for (const ResultRow& row : rows) {
    if (!steps.contains(row.task.step) || !is_wanted(row, state.steps[row.task.step])) continue;
    if (row.status == Status::failed) {
      evaluator.add_failure(row.task.step, row.task.item, error_from_json(from_document(row.error)));
      continue;
    }
    auto outputs = outputs_of(node, row);
    if (!outputs) return outputs.error();
    bytes += outputs->size();
    evaluator.add_result(row.task.step, row.task.item, *std::move(outputs));
  }
  return bytes;
}

void show_signals(const std::vector<ResultRow>& rows, const RunState& state, Evaluator& evaluator) {
  for (const ResultRow& row : rows)
    for (const RunState::Signal& signal : state.signals)
      if (row.task == signal_place(state.run, signal.ordinal)) evaluator.add_signal(signal.ordinal, row.outputs);
}

}  // namespace

Result<std::vector<ResultRow>> results_of(NodeContext& node, const RunId& run, const WorkflowDefinition& workflow) {
  auto rows = node.reader.results(run);
  if (!rows || rows->empty()) return rows;
  const auto record = node.reader.run(run);
  if (!record) return record.error();
  if (!*record) return {ErrorCode::store_corrupt, "there are results of a run, but no run"};
  const JobRow& job = (*record)->job;
  const std::uint32_t version = (*record)->archive ? (*record)->archive->workflow_version : job.run_workflow_version;
  if (version == workflow.version) return rows;
  const auto found = node.workflows.load(job.workflow_key, version);
  if (!found) return found.error();
  const std::vector<StepDefinition>& steps = found->entry->workflow.steps;
  std::vector<ResultRow> moved;
  for (ResultRow& row : *rows) {
    const auto step = row.task.step < steps.size() ? workflow.find_step(steps[row.task.step].name) : std::nullopt;
    if (!step) continue;
    row.task.step = *step;
    moved.push_back(std::move(row));
  }
  return moved;
}

Result<std::size_t> load_results(NodeContext& node, const RunState& state, const WorkflowDefinition& workflow,
                                 Evaluator& evaluator) {
  std::size_t bytes = 0;
  std::map<RunId, std::vector<std::size_t>> steps_by_run;  // a retry reuses steps of earlier runs
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const bool had_no_items = state.steps[i].status == Status::success && state.steps[i].items == 0;
    if (had_no_items) evaluator.add_empty(static_cast<StepIndex>(i));
    if (state.steps[i].done.count() + state.steps[i].failed.count() > 0)
      steps_by_run[state.steps[i].result_run.is_nil() ? state.run : state.steps[i].result_run].push_back(i);
  }
  if (!state.signals.empty()) steps_by_run[state.run];

  for (const auto& [run, steps] : steps_by_run) {
    // What succeeded at once with nothing to say has no row: the state tells that it is done.
    for (std::size_t step : steps)
      for (ItemIndex item = 0; item < state.steps[step].items; ++item)
        if (state.steps[step].done.test(item)) evaluator.add_result(static_cast<StepIndex>(step), item, {});
    const auto rows = run == state.run ? node.reader.results(run) : results_of(node, run, workflow);
    if (!rows) return rows.error();
    const std::set<std::size_t> wanted(steps.begin(), steps.end());
    const auto shown = show_results(node, *rows, wanted, state, evaluator);
    if (!shown) return shown.error();
    bytes += *shown;
    if (run == state.run) show_signals(*rows, state, evaluator);
  }
  return bytes;
}

namespace {

Result<RunSeedPtr> load_stored_run(NodeContext& node, const JobRow& row, bool recover, bool parked) {
  auto state = decode_run_state(row.state);
  if (!state) return state.error();
  auto workflow = node.workflows.load(row.workflow_key, row.run_workflow_version);
  if (!workflow) return workflow.error();
  if (state->steps.size() != workflow->entry->workflow.steps.size())
    return {ErrorCode::store_corrupt, "the run's state does not fit its workflow definition"};

  if (row.spec.present() && !parse_json(row.spec.view()))
    return {ErrorCode::store_corrupt, "the inputs that are stored of the job are no JSON"};

  Document inputs;
  if (state->number > 1) {
    auto newest = newest_inputs(node, row);
    if (!newest) return newest.error();
    inputs = *std::move(newest);
  }
  auto seed = std::make_shared<RunSeed>();
  seed->job = job_facts(row, inputs);
  seed->workflow = definition_of(workflow->entry);
  seed->head = {row.last_seq, row.head};
  seed->evaluator = node.evaluators.make(seed->workflow, run_facts(*seed->job, state->run));
  const auto bytes = load_results(node, *state, *seed->workflow, *seed->evaluator);
  if (!bytes) return bytes.error();
  seed->result_bytes = *bytes;
  // Not only for an approval under way: a decision that was made since the gateway read them may have come and gone
  // with the run. A job with one record has none.
  if (row.last_seq > 1) {
    const auto reviews = node.reader.reviews(state->run);
    if (!reviews) return reviews.error();
    for (const ReviewRow& review : *reviews)
      seed->reviews.push_back({review.asset, review.reviewer, review.approved, review.notes, review.decided_at});
  }
  seed->state = *std::move(state);
  seed->outputs = row.outputs;
  seed->error = row.error;
  seed->recover = recover;
  seed->parked = parked;
  const auto& parent = seed->job->parent;
  // A later run was begun by a person, whatever became of the parent.
  seed->abandoned =
      parent && seed->state.number == 1 && seed->state.phase != RunPhase::ended && !is_awaited(node, *parent);
  return seed;
}

}  // namespace

// A row that cannot be read must not take the node with it: it would be read again after each start.
Result<RunSeedPtr> load_run(NodeContext& node, const JobRow& row, bool recover, bool parked) {
  try {
    return load_stored_run(node, row, recover, parked);
  } catch (const std::exception& fault) {
    return {ErrorCode::store_corrupt, std::string("what is stored of the job cannot be read: ") + fault.what()};
  }
}

Result<RunSeedPtr> load_run(NodeContext& node, const JobId& job, bool recover, bool parked) {
  auto row = node.reader.job(job);
  if (!row) return row.error();
  if (!*row) return {ErrorCode::not_found, "there is no job " + to_string(job)};
  return load_run(node, **row, recover, parked);
}

}  // namespace troupe
