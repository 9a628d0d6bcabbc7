#include "actors/run/run_change.hpp"

#include <algorithm>

#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"
#include "crypto/hash.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

bool is_empty_success(const TaskEnded& outcome) {
  return outcome.task.attempt == 1 && outcome.outputs && outcome.log.empty() && !outcome.log_blob &&
         (!outcome.outputs->present() || outcome.outputs->view() == "{}");
}

ResultRow result_of_report(const TaskEnded& outcome) {
  ResultRow row;
  row.task = outcome.task;
  row.worker = outcome.worker;
  row.started_at = outcome.started_at;
  row.ended_at = outcome.ended_at;
  row.log = outcome.log;
  row.log_bytes = outcome.log_blob ? outcome.log_blob->bytes : outcome.log.size();
  if (outcome.log_blob) row.log_blob = outcome.log_blob->sha256;
  if (outcome.outputs) {
    row.outputs_bytes = outcome.outputs->size();
    if (outcome.outputs_blob)
      row.outputs_blob = outcome.outputs_blob->sha256;
    else
      row.outputs = *outcome.outputs;
  } else {
    row.status = Status::failed;
    row.error = to_document(error_to_json(outcome.outputs.error()));
  }
  return row;
}

/// For attempts that ended without a report of their worker: timed out, or never dispatched.
ResultRow result_of_failure(const TaskKey& task, const Error& error, Timestamp started_at, Timestamp at) {
  ResultRow row;
  row.task = task;
  row.status = Status::failed;
  row.started_at = started_at == kNever ? at : started_at;
  row.ended_at = at;
  row.error = to_document(error_to_json(error));
  return row;
}

/// Of what came by a message: a signal's payload, the end of an approval, what someone says an attempt gave.
ResultRow result_of_message(const TaskKey& task, const Document& outputs, Timestamp started_at, Timestamp at) {
  ResultRow row;
  row.task = task;
  row.started_at = started_at == kNever ? at : started_at;
  row.ended_at = at;
  row.outputs = outputs.present() ? outputs : Document("null");
  row.outputs_bytes = row.outputs.size();
  return row;
}

void add_message_rows(const RunCommit& commit, Timestamp now, std::vector<ResultRow>& rows) {
  for (const Effect& effect : commit.decision.effects) {
    if (const auto* keep = std::get_if<KeepResult>(&effect)) {
      const Timestamp began = keep->task.compensation ? kNever : commit.after.steps[keep->task.step].started_at;
      rows.push_back(result_of_message(keep->task, keep->outputs, began, now));
    }
    if (const auto* keep = std::get_if<KeepSignal>(&effect))
      rows.push_back(result_of_message(signal_place(commit.after.run, keep->ordinal), commit.signal, kNever, now));
  }
}

std::vector<ResultRow> result_rows(const RunCommit& commit) {
  std::vector<ResultRow> rows;
  const auto add = [&](const TaskKey& task, const Error* error, Timestamp started_at, Timestamp at) {
    if (commit.outcome && commit.outcome->task == task) {
      if (!is_empty_success(*commit.outcome)) rows.push_back(result_of_report(*commit.outcome));
    } else if (error != nullptr) {
      rows.push_back(result_of_failure(task, *error, started_at, at));
    }
  };
  for (const Event& event : commit.decision.events) {
    if (const auto* completed = std::get_if<TaskCompleted>(&event))
      add(completed->task, nullptr, kNever, completed->at);
    if (const auto* retried = std::get_if<TaskRetried>(&event))
      add(retried->task, &retried->error, retried->started_at, retried->at);
    if (const auto* failed = std::get_if<TaskFailed>(&event))
      add(failed->task, &failed->error, failed->started_at, failed->at);
  }
  return rows;
}

OutcomeDigest digest_of_message(const TaskKey& task, const Document& outputs) {
  OutcomeDigest digest;
  digest.task = task;
  digest.outputs = sha256(outputs.view());
  digest.outputs_bytes = outputs.size();
  return digest;
}

std::vector<OutcomeDigest> message_digests(const RunCommit& commit) {
  std::vector<OutcomeDigest> digests;
  for (const Event& event : commit.decision.events)
    if (const auto* received = std::get_if<SignalReceived>(&event))
      digests.push_back(digest_of_message(signal_place(commit.after.run, received->ordinal), commit.signal));
  for (const Effect& effect : commit.decision.effects)
    if (const auto* keep = std::get_if<KeepResult>(&effect))
      digests.push_back(digest_of_message(keep->task, keep->outputs));
  return digests;
}

std::vector<OutcomeDigest> outcome_digests(const RunCommit& commit) {
  const TaskEndedPtr& outcome = commit.outcome;
  std::vector<OutcomeDigest> digests = message_digests(commit);
  if (!outcome || !outcome->outputs) return digests;
  OutcomeDigest digest;
  digest.task = outcome->task;
  digest.worker = outcome->worker;
  digest.outputs_bytes = outcome->outputs->size();
  digest.outputs = outcome->outputs_blob ? outcome->outputs_blob->sha256 : sha256(outcome->outputs->view());
  for (const AssetRow& asset : outcome->assets)
    digest.assets.push_back({{"id", to_string(asset.id)},
                             {"ordinal", asset.ordinal},
                             {"name", asset.name},
                             {"sha256", to_hex(asset.sha256)},
                             {"bytes", asset.bytes},
                             {"media_type", asset.media_type},
                             {"width", asset.width},
                             {"height", asset.height}});
  digests.push_back(std::move(digest));
  return digests;
}

const FinishRun* find_finish(const Decision& decision) {
  for (const Effect& effect : decision.effects)
    if (const auto* finish = std::get_if<FinishRun>(&effect)) return finish;
  return nullptr;
}

bool completes(const RunCommit& commit) {
  return std::any_of(commit.decision.events.begin(), commit.decision.events.end(), [&](const Event& event) {
    const auto* completed = std::get_if<TaskCompleted>(&event);
    return completed != nullptr && commit.outcome && completed->task == commit.outcome->task;
  });
}

}  // namespace

ShardId shard_of(Slot slot) { return static_cast<ShardId>(slot % kShardCount); }

std::optional<Timestamp> parked_until(const RunState& state, const WorkflowDefinition& workflow, Timestamp now) {
  // What is held or has a slot stays loaded, so that the slots are known once all open jobs are.
  if (!state.concurrency_key.empty()) return std::nullopt;
  if (state.compensation && state.compensation->phase == AttemptPhase::in_doubt) return kNever;
  if (state.phase != RunPhase::forward) return std::nullopt;
  constexpr Timestamp kNothing = Timestamp::max();
  Timestamp earliest = state.paused_at == kNever ? state.deadline : kNothing;
  bool waits = false;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (step.status == Status::running && step.deadline != kNever) earliest = std::min(earliest, step.deadline);
    for (const LiveItem& item : state.steps[i].live) {
      if (item.phase == AttemptPhase::started) return std::nullopt;
      if (item.phase == AttemptPhase::waiting) {
        if (!pauses(workflow.steps[i].type, item, now)) return std::nullopt;
        earliest = std::min(earliest, item.due);
      }
      if (item.phase == AttemptPhase::awaiting && item.due != kNever) earliest = std::min(earliest, item.due);
      waits = true;
    }
  }
  if (!waits || earliest < now + kParkAfter) return std::nullopt;
  return earliest == kNothing ? kNever : earliest;
}

PersistPtr make_persist(NodeContext& node, const RunCommit& commit, const ChainHead& head) {
  const RunState& after = commit.after;
  auto persist = std::make_shared<Persist>();
  JobUpdate update;
  update.id = commit.job.id;
  update.expected_seq = head.seq;
  update.status = after.status;
  update.run = after.run;
  update.state = encode_run_state(after);
  update.run_workflow_version = commit.workflow.version;
  update.updated_at = node.clock.now();
  if (const FinishRun* finish = find_finish(commit.decision)) update.outputs = finish->outputs;
  if (commit.outputs != nullptr) update.outputs = *commit.outputs;
  const bool ended = after.phase == RunPhase::ended;
  const bool ended_badly = ended && after.status != Status::success;
  if (commit.error != nullptr)
    update.error = *commit.error;
  else if (ended_badly && after.error)
    update.error = to_document(error_to_json(*after.error));
  persist->change.update = std::move(update);

  persist->change.results = result_rows(commit);
  add_message_rows(commit, node.clock.now(), persist->change.results);
  if (commit.reviews != nullptr)
    for (const Review& review : *commit.reviews)
      persist->change.reviews.push_back(
          {after.run, review.asset, review.reviewer, review.approved, review.notes, review.at});
  if (completes(commit)) persist->change.assets = commit.outcome->assets;
  if (ended_badly) persist->change.notable = NotableRow{after.status, commit.job.id};
  if (commit.park) persist->change.park = parked_until(after, commit.workflow, node.clock.now());
  persist->change.unpark = commit.was_parked && !commit.park;

  persist->records = to_records(commit.decision.events, commit.before, commit.workflow, outcome_digests(commit));
  persist->frame = {commit.job.id, after.run, "node", node.node_name, commit.job.client_id};
  persist->shard = shard_of(commit.job.id.slot());
  persist->head = head;
  persist->opens = !ended && !commit.park;
  return persist;
}

}  // namespace troupe
