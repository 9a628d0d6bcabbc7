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

/// Of an attempt that did not do its work: `error` tells why, if it is not just that the run ended.
ResultRow result_of_loss(const TaskKey& task, const TaskEnded* known, const Error* error, Timestamp started_at,
                         Timestamp at) {
  ResultRow row;
  if (known != nullptr) row = result_of_report(*known);
  row.task = task;
  row.outputs = {};
  row.outputs_bytes = 0;
  row.outputs_blob.reset();
  row.status = error != nullptr ? Status::failed : Status::cancelled;
  if (known == nullptr) row.started_at = started_at == kNever ? at : started_at, row.ended_at = at;
  row.error = error != nullptr ? to_document(error_to_json(*error)) : Document();
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
  const auto lost = [&](const auto& event, const Error* error) {
    rows.push_back(
        result_of_loss(event.task, find_outcome(commit.outcomes, event.task), error, event.started_at, event.at));
  };
  for (const Event& event : commit.decision.events) {
    if (const auto* completed = std::get_if<TaskCompleted>(&event)) {
      const TaskEnded* outcome = find_outcome(commit.outcomes, completed->task);
      if (outcome != nullptr && !is_empty_success(*outcome)) rows.push_back(result_of_report(*outcome));
    } else if (const auto* retried = std::get_if<TaskRetried>(&event)) {
      lost(*retried, &retried->error);
    } else if (const auto* failed = std::get_if<TaskFailed>(&event)) {
      lost(*failed, &failed->error);
    } else if (const auto* cancelled = std::get_if<TaskCancelled>(&event)) {
      if (cancelled->started_at != kNever) lost(*cancelled, nullptr);  // else it was no attempt: nobody had it
    }
  }
  return rows;
}

std::vector<ResultLog> result_logs(const Outcomes& late) {
  std::vector<ResultLog> logs;
  for (const TaskEndedPtr& outcome : late) {
    const ResultRow row = result_of_report(*outcome);
    if (row.log_bytes > 0) logs.push_back({row.task, row.log, row.log_blob, row.log_bytes});
  }
  return logs;
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

OutcomeDigest digest_of_report(const TaskEnded& outcome) {
  OutcomeDigest digest;
  digest.task = outcome.task;
  digest.worker = outcome.worker;
  digest.outputs_bytes = outcome.outputs->size();
  digest.outputs = outcome.outputs_blob ? outcome.outputs_blob->sha256 : sha256(outcome.outputs->view());
  for (const AssetRow& asset : outcome.assets)
    digest.assets.push_back({{"id", to_string(asset.id)},
                             {"ordinal", asset.ordinal},
                             {"name", asset.name},
                             {"sha256", to_hex(asset.sha256)},
                             {"bytes", asset.bytes},
                             {"media_type", asset.media_type},
                             {"width", asset.width},
                             {"height", asset.height}});
  return digest;
}

std::vector<OutcomeDigest> outcome_digests(const RunCommit& commit) {
  std::vector<OutcomeDigest> digests = message_digests(commit);
  for (const TaskEndedPtr& outcome : commit.outcomes)
    if (outcome->outputs) digests.push_back(digest_of_report(*outcome));
  return digests;
}

const FinishRun* find_finish(const Decision& decision) {
  for (const Effect& effect : decision.effects)
    if (const auto* finish = std::get_if<FinishRun>(&effect)) return finish;
  return nullptr;
}

std::vector<AssetRow> new_assets(const RunCommit& commit) {
  std::vector<AssetRow> assets;
  for (const Event& event : commit.decision.events) {
    const auto* completed = std::get_if<TaskCompleted>(&event);
    const TaskEnded* outcome = completed ? find_outcome(commit.outcomes, completed->task) : nullptr;
    if (outcome != nullptr) assets.insert(assets.end(), outcome->assets.begin(), outcome->assets.end());
  }
  return assets;
}

}  // namespace

const TaskEnded* find_outcome(const Outcomes& outcomes, const TaskKey& task) {
  for (const TaskEndedPtr& outcome : outcomes)
    if (outcome->task == task) return outcome.get();
  return nullptr;
}

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
  persist->change.logs = result_logs(commit.late);
  add_message_rows(commit, node.clock.now(), persist->change.results);
  if (commit.reviews != nullptr)
    for (const Review& review : *commit.reviews)
      persist->change.reviews.push_back(
          {after.run, review.asset, review.reviewer, review.approved, review.notes, review.at});
  persist->change.assets = new_assets(commit);
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

// Nothing of the job itself changes, so it needs no record, and nobody waits for it.
PersistPtr make_persist(NodeContext& node, const JobFacts& job, const Outcomes& late) {
  std::vector<ResultLog> logs = result_logs(late);
  if (logs.empty()) return nullptr;
  auto persist = std::make_shared<Persist>();
  persist->change.logs = std::move(logs);
  persist->frame.node = node.node_name;
  persist->shard = shard_of(job.id.slot());
  persist->done = [late](const Persisted&) {};  // until then they are under way
  return persist;
}

}  // namespace troupe
