// Runs from what is stored: for recovery, for jobs that rested, and for retries. All of it blocks on the store, so it
// runs on the blocking pool.
#pragma once

#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

/// What a job row says of the job itself. `inputs` overrides those of its spec where present.
JobFactsPtr job_facts(const JobRow& row, const Document& inputs);
/// The trace of a job that was given none: named by its id, so that it need not be kept (73 bytes of each row).
std::string traceparent_of(const JobId& id);
/// The spec column of a new job. `traceparent`: as given, or empty.
Document job_spec(const Document& inputs, const Document& metadata, const std::string& callback_url, Millis timeout,
                  const std::string& traceparent, const std::optional<ParentStep>& parent);
/// What a job goes by in `job_key`: its client's job_id, or the name of the step's attempt that it does the work of.
/// Empty: it has no row there.
std::string job_key_of(const JobRow& row);
/// What a run asks of the concurrency gate; nothing if its workflow has no limit.
std::optional<ConcurrencyGate::Claim> claim_of(const JobFacts& job, const RunState& state);
/// The value of a workflow's concurrency key for a new run; fails with validation_failed.
Result<std::string> concurrency_key_of(Evaluator& evaluator);
RunFacts run_facts(const JobFacts& job, const RunId& run);

/// What the job's newest run runs with: a retry may have been given others than the job.
Result<Document> newest_inputs(NodeContext& node, const JobRow& row);
/// Is it the same, however it is written?
bool is_same_json(const Document& one, const Document& other);

/// The newest run of a job. `recover` and `parked` as in RunSeed.
Result<RunSeedPtr> load_run(NodeContext& node, const JobRow& row, bool recover, bool parked);
/// By id; fails with not_found.
Result<RunSeedPtr> load_run(NodeContext& node, const JobId& job, bool recover, bool parked);

/// An earlier run's results, by the steps of this version: where one of its own has the same name, whatever its place.
/// Those of steps that are not there any more are left out.
Result<std::vector<ResultRow>> results_of(NodeContext& node, const RunId& run, const WorkflowDefinition& workflow);
/// Makes every result of the run visible to its evaluator; gives how many bytes of outputs they have.
Result<std::size_t> load_results(NodeContext& node, const RunState& state, const WorkflowDefinition& workflow,
                                 Evaluator& evaluator);

/// An outcome's outputs, wherever they lie.
Result<Document> outputs_of(NodeContext& node, const ResultRow& row);

}  // namespace troupe
