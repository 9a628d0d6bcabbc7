#include "actors/job/run_loader.hpp"

#include <map>
#include <set>

#include "actors/ingress/workflow_catalog.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"

namespace troupe {

std::string traceparent_of(const JobId& id) {
  const std::string hex = to_hex(id.bytes.data(), id.bytes.size());
  return "00-" + hex + "-" + hex.substr(16) + "-01";  // a UUID's second half is never zero, which no span may be
}

Document job_spec(const Document& inputs, const Document& metadata, const std::string& callback_url, Millis timeout,
                  const std::string& traceparent) {
  std::string spec = "{\"inputs\":";
  spec += inputs.present() ? inputs.view() : "{}";
  spec += ",\"metadata\":";
  spec += metadata.present() ? metadata.view() : "{}";
  spec += ",\"timeout_seconds\":" + to_text(Json(static_cast<double>(timeout.count()) / 1000.0));
  if (!callback_url.empty()) spec += ",\"callback_url\":" + to_text(Json(callback_url));
  if (!traceparent.empty()) spec += ",\"traceparent\":" + to_text(Json(traceparent));
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
  facts->timeout = Millis(static_cast<std::int64_t>(spec.value("timeout_seconds", 300.0) * 1000.0));
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

Result<Document> outputs_of(NodeContext& node, const ResultRow& row) {
  if (!row.outputs_blob) return row.outputs;
  auto bytes = node.blobs.get(*row.outputs_blob);
  if (!bytes) return bytes.error();
  return Document(*std::move(bytes));
}

Result<Done> load_results(NodeContext& node, const RunState& state, Evaluator& evaluator) {
  std::map<RunId, std::vector<std::size_t>> steps_by_run;  // a retry reuses steps of earlier runs
  for (std::size_t i = 0; i < state.steps.size(); ++i)
    if (state.steps[i].done.count() > 0)
      steps_by_run[state.steps[i].result_run.is_nil() ? state.run : state.steps[i].result_run].push_back(i);

  for (const auto& [run, steps] : steps_by_run) {
    // What succeeded at once with nothing to say has no row: the state tells that it is done.
    for (std::size_t step : steps)
      for (ItemIndex item = 0; item < state.steps[step].items; ++item)
        if (state.steps[step].done.test(item)) evaluator.add_result(static_cast<StepIndex>(step), item, {});
    const auto rows = node.reader.results(run);
    if (!rows) return rows.error();
    const std::set<std::size_t> wanted(steps.begin(), steps.end());
    for (const ResultRow& row : *rows) {
      if (row.status != Status::success || row.task.compensation || !wanted.contains(row.task.step)) continue;
      auto outputs = outputs_of(node, row);
      if (!outputs) return outputs.error();
      evaluator.add_result(row.task.step, row.task.item, *std::move(outputs));
    }
  }
  return Done{};
}

Result<RunSeedPtr> load_run(NodeContext& node, const JobRow& row, bool recover, bool parked) {
  auto state = decode_run_state(row.state);
  if (!state) return state.error();
  auto workflow = node.workflows.load(row.workflow_key, row.run_workflow_version);
  if (!workflow) return workflow.error();
  if (state->steps.size() != workflow->entry->workflow->steps.size())
    return {ErrorCode::store_corrupt, "the run's state does not fit its workflow definition"};

  Document inputs;
  if (state->number > 1) {
    const auto record = node.reader.run(state->run);
    if (!record) return record.error();
    if (*record) inputs = (*record)->inputs;
  }
  auto seed = std::make_shared<RunSeed>();
  seed->job = job_facts(row, inputs);
  seed->workflow = workflow->entry->workflow;
  seed->head = {row.last_seq, row.head};
  seed->evaluator = node.evaluators.make(seed->workflow, run_facts(*seed->job, state->run));
  if (auto loaded = load_results(node, *state, *seed->evaluator); !loaded) return loaded.error();
  seed->state = *std::move(state);
  seed->recover = recover;
  seed->parked = parked;
  return seed;
}

Result<RunSeedPtr> load_run(NodeContext& node, const JobId& job, bool recover, bool parked) {
  auto row = node.reader.job(job);
  if (!row) return row.error();
  if (!*row) return {ErrorCode::not_found, "there is no job " + to_string(job)};
  return load_run(node, **row, recover, parked);
}

}  // namespace troupe
