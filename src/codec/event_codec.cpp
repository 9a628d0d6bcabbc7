#include "codec/event_codec.hpp"

#include <algorithm>
#include <map>

namespace troupe {
namespace {

std::string_view action_of_end(Status status) {
  switch (status) {
    case Status::failed: return "run.failed";
    case Status::cancelled: return "run.cancelled";
    default: return "run.completed";
  }
}

/// What an approval asks for, and what was decided before it began: so many approvals of the image at each place.
Json approval_to_json(const ApprovalState& approval) {
  Json json = {{"assets", approval.terms.assets},
               {"min_approved", approval.terms.min_approved},
               {"min_approvers", approval.terms.min_approvers},
               {"on_expiry", on_expiry_text(approval.terms.on_expiry)}};
  for (std::uint32_t image = 0; image < approval.terms.assets; ++image) {
    const auto approvals = std::count_if(approval.approvals.begin(), approval.approvals.end(),
                                         [&](const Bitmap& level) { return level.test(image); });
    Json decided = {{"asset", image}};
    if (approvals > 0) decided["approvals"] = approvals;
    if (approval.rejected.test(image)) decided["rejected"] = true;
    if (decided.size() > 1) json["decided"].push_back(std::move(decided));
  }
  return json;
}

/// Writes the records of one decision, event by event.
class Recorder {
 public:
  Recorder(const RunState& before, const WorkflowDefinition& workflow, const std::vector<OutcomeDigest>& outcomes,
           std::size_t events)
      : before_(before), workflow_(workflow), outcomes_(outcomes), error_(before.error) {
    records_.reserve(events);
  }

  void operator()(const RunStarted& e);
  void operator()(const StepBegun& e);
  void operator()(const StepSkipped& e);
  void operator()(const ItemBegun& e);
  void operator()(const TaskStarted& e);
  void operator()(const TaskCompleted& e);
  void operator()(const TaskRetried& e);
  void operator()(const TaskFailed& e);
  void operator()(const TaskCancelled& e);
  void operator()(const StepFailed& e);
  void operator()(const RunStopping& e);
  void operator()(const CompensationBegun& e);
  void operator()(const RunRecovered& e);
  void operator()(const RunEnded& e);
  void operator()(const SignalReceived& e);
  void operator()(const SignalTaken& e);
  void operator()(const AssetReviewed& e);
  void operator()(const RunPaused& e);
  void operator()(const RunResumed& e);
  void operator()(const RunHeld& e);
  void operator()(const RunAdmitted& e);
  void operator()(const DoubtResolved& e);

  std::vector<RecordDraft> take() { return std::move(records_); }

 private:
  RecordDraft& add(std::string_view action, Timestamp at);
  RecordDraft& add_task(std::string_view action, const TaskKey& task, Timestamp at);
  /// Adds duration, worker, outputs and assets, as far as they are known.
  void describe_outcome(RecordDraft& record, const TaskKey& task, Timestamp at, Timestamp started_at) const;
  /// A fresh entry in the `next` of the record before, and the entry that is last there now.
  Json& add_next(StepIndex step);
  Json* last_next();

  const std::string& name_of(StepIndex step) const { return workflow_.steps[step].name; }
  bool has_items(StepIndex step) const { return !workflow_.steps[step].for_each.empty(); }
  const StepState* state_before(StepIndex step) const {
    return step < before_.steps.size() ? &before_.steps[step] : nullptr;
  }
  /// A task is done, by its worker or by a message.
  RecordDraft& add_completion(const TaskKey& task, Timestamp at, Timestamp started_at);
  /// Of a step with items, as far as the events have come.
  struct Progress {
    std::uint32_t items = 0, done = 0, failed = 0;
    bool running = false;
    Timestamp started_at = kNever;
  };
  Progress& progress_of(StepIndex step);
  /// An item ended, and with it perhaps its step: counted with those before it in the decision.
  void end_item(StepIndex step, bool failed, Timestamp at, Timestamp started_at);

  const RunState& before_;
  const WorkflowDefinition& workflow_;
  const std::vector<OutcomeDigest>& outcomes_;
  std::optional<Error> error_;  ///< of the run, as far as the events have come
  std::uint32_t recoveries_ = 0;
  Timestamp now_ = kNever;  ///< of the events
  std::map<StepIndex, Progress> progress_;
  std::vector<RecordDraft> records_;
};

RecordDraft& Recorder::add(std::string_view action, Timestamp at) {
  now_ = at;
  RecordDraft& record = records_.emplace_back();
  record.action = action;
  return record;
}

RecordDraft& Recorder::add_task(std::string_view action, const TaskKey& task, Timestamp at) {
  RecordDraft& record = add(action, at);
  record.details["attempt"] = task.attempt;
  if (task.epoch != 0) record.details["epoch"] = task.epoch;
  if (has_items(task.step)) record.details["item"] = task.item;
  record.details["step"] = name_of(task.step);
  return record;
}

void Recorder::describe_outcome(RecordDraft& record, const TaskKey& task, Timestamp at, Timestamp started_at) const {
  const StepState* step = state_before(task.step);
  // A delay has no worker that tells when it began; with one item and one attempt the step's own beginning will do.
  if (started_at == kNever && step != nullptr && step->items == 1 && task.attempt == 1 && !task.compensation)
    started_at = step->started_at;
  if (started_at != kNever) record.duration = std::max(at - started_at, Millis(0));

  const auto outcome = std::find_if(outcomes_.begin(), outcomes_.end(),
                                    [&](const OutcomeDigest& candidate) { return candidate.task == task; });
  if (outcome == outcomes_.end()) return;
  if (outcome->outputs) record.details["outputs"] = digest_to_json(*outcome->outputs, outcome->outputs_bytes);
  if (!outcome->assets.empty()) record.details["assets"] = outcome->assets;
  if (!outcome->worker.empty()) record.details["worker"] = outcome->worker;
}

Json* Recorder::last_next() {
  if (records_.empty()) return nullptr;
  const auto next = records_.back().details.find("next");
  return next == records_.back().details.end() ? nullptr : &next->back();
}

Json& Recorder::add_next(StepIndex step) {
  if (records_.empty()) records_.emplace_back().action = "step.begun";
  Json& entry = records_.back().details["next"].emplace_back(Json::object());
  entry["step"] = name_of(step);
  return entry;
}

Recorder::Progress& Recorder::progress_of(StepIndex step) {
  const StepState* state = state_before(step);
  auto [found, fresh] = progress_.try_emplace(step);
  if (fresh && state != nullptr)
    found->second = {state->items, state->done.count(), state->failed.count(), state->status == Status::running,
                     state->started_at};
  return found->second;
}

void Recorder::end_item(StepIndex step, bool failed, Timestamp at, Timestamp started_at) {
  Progress& progress = progress_of(step);
  ++(failed ? progress.failed : progress.done);
  if (started_at != kNever && (progress.started_at == kNever || started_at < progress.started_at))
    progress.started_at = started_at;
  if (!progress.running || progress.done + progress.failed != progress.items) return;
  RecordDraft& record = add("step.completed", at);
  record.details["items"] = progress.items;
  if (progress.failed > 0) record.details["failed"] = progress.failed;
  record.details["step"] = name_of(step);
  if (progress.started_at != kNever) record.duration = std::max(at - progress.started_at, Millis(0));
}

// --- what each event says ------------------------------------------------------------------------------------------

void Recorder::operator()(const RunStarted& e) {
  Json& details = add("run.started", e.at).details;
  details["deadline"] = format_rfc3339(e.deadline);
  details["number"] = before_.number;
  for (std::size_t i = 0; i < before_.steps.size(); ++i)
    if (before_.steps[i].status == Status::success) details["reused"].push_back(name_of(static_cast<StepIndex>(i)));
}

void Recorder::operator()(const StepBegun& e) {
  now_ = e.at;
  progress_[e.step] = {e.items, 0, 0, true};
  Json& entry = add_next(e.step);
  if (has_items(e.step)) entry["items"] = e.items;
}

void Recorder::operator()(const StepSkipped& e) {
  const bool follows_start = records_.size() == 1 && records_[0].action == "run.started";
  if (follows_start) {
    add_next(e.step)["skipped"] = true;
  } else {
    add("step.skipped", e.at).details["step"] = name_of(e.step);
  }
}

// Items follow their step, and each other: one entry tells of all that may be dispatched at the same time.
void Recorder::operator()(const ItemBegun& e) {
  const bool later = e.due != kNever && (now_ == kNever || e.due > now_);
  const std::string due = later ? format_rfc3339(e.due) : std::string();
  Json* entry = last_next();
  const bool continues = entry != nullptr && (*entry)["step"] == name_of(e.step) && !e.approval &&
                         (!entry->contains("from") || ((*entry)["to"] == e.item - 1 && entry->value("due", "") == due &&
                                                       entry->value("signal", "") == e.signal));
  if (!continues &&
      !(e.approval && entry != nullptr && (*entry)["step"] == name_of(e.step) && !entry->contains("from")))
    entry = &add_next(e.step);
  if (!due.empty()) (*entry)["due"] = due;
  if (!e.signal.empty()) (*entry)["signal"] = e.signal;
  if (e.approval) (*entry)["approval"] = approval_to_json(*e.approval);
  if (!has_items(e.step)) return;
  if (!entry->contains("from")) (*entry)["from"] = e.item;
  (*entry)["to"] = e.item;
}

void Recorder::operator()(const TaskStarted& e) {
  Json& details = add_task("step.started", e.task, e.at).details;
  if (e.task.compensation) details["compensation"] = true;
  details["deadline"] = format_rfc3339(e.deadline);
  details["worker"] = e.worker;
}

void Recorder::operator()(const TaskCompleted& e) {
  if (e.task.compensation)
    return describe_outcome(add_task("compensation.completed", e.task, e.at), e.task, e.at, e.started_at);
  add_completion(e.task, e.at, e.started_at);
  if (has_items(e.task.step)) end_item(e.task.step, false, e.at, e.started_at);
}

RecordDraft& Recorder::add_completion(const TaskKey& task, Timestamp at, Timestamp started_at) {
  RecordDraft& record = add_task(has_items(task.step) ? "item.completed" : "step.completed", task, at);
  describe_outcome(record, task, at, started_at);
  return record;
}

void Recorder::operator()(const TaskRetried& e) {
  RecordDraft& record = add_task("step.retrying", e.task, e.at);
  if (e.task.compensation) record.details["compensation"] = true;
  record.details["due"] = format_rfc3339(e.due);
  record.details["error"] = error_to_json(e.error);
  describe_outcome(record, e.task, e.at, e.started_at);
}

void Recorder::operator()(const TaskFailed& e) {
  const bool collected = !e.task.compensation && workflow_.steps[e.task.step].collects_failures();
  const char* action = e.task.compensation ? "compensation.failed" : collected ? "item.failed" : "step.failed";
  RecordDraft& record = add_task(action, e.task, e.at);
  record.details["error"] = error_to_json(e.error);
  describe_outcome(record, e.task, e.at, e.started_at);
  if (collected) end_item(e.task.step, true, e.at, e.started_at);
}

void Recorder::operator()(const TaskCancelled& e) {
  RecordDraft& record = add_task("step.cancelled", e.task, e.at);
  if (e.task.compensation) record.details["compensation"] = true;
  if (e.started_at != kNever) describe_outcome(record, e.task, e.at, e.started_at);
}

void Recorder::operator()(const StepFailed& e) {
  progress_of(e.step).running = false;
  Json& details = add("step.failed", e.at).details;
  details["error"] = error_to_json(e.error);
  details["step"] = name_of(e.step);
}

void Recorder::operator()(const RunStopping& e) {
  if (!error_) error_ = e.error;
  Json& details = add("run.stopping", e.at).details;
  details["error"] = error_to_json(e.error);
  details["verdict"] = status_text(e.verdict);
}

void Recorder::operator()(const CompensationBegun& e) {
  Json& details = add("compensation.started", e.at).details;
  if (has_items(e.step)) details["item"] = e.item;
  details["step"] = name_of(e.step);
}

void Recorder::operator()(const RunRecovered& e) {
  Json& details = add("run.recovered", e.at).details;
  details["epoch"] = before_.epoch + ++recoveries_;
  if (e.handed_back) details["handed_back"] = true;
}

void Recorder::operator()(const RunEnded& e) {
  if (e.error) error_ = e.error;
  RecordDraft& record = add(action_of_end(e.status), e.at);
  if (error_ && e.status != Status::success) record.details["error"] = error_to_json(*error_);
  record.duration = std::max(e.at - before_.accepted_at, Millis(0));
}

void Recorder::operator()(const SignalReceived& e) {
  Json& details = add("signal.received", e.at).details;
  details["name"] = e.name;
  details["ordinal"] = e.ordinal;
  const TaskKey place = signal_place(before_.run, e.ordinal);
  for (const OutcomeDigest& outcome : outcomes_)
    if (outcome.task == place && outcome.outputs)
      details["payload"] = digest_to_json(*outcome.outputs, outcome.outputs_bytes);
}

void Recorder::operator()(const SignalTaken& e) {
  add_completion(e.task, e.at, kNever).details["signal"] = e.ordinal;
  if (has_items(e.task.step)) end_item(e.task.step, false, e.at, kNever);
}

void Recorder::operator()(const AssetReviewed& e) {
  Json& details = add(e.approved ? "asset.approved" : "asset.rejected", e.at).details;
  details["asset"] = to_string(e.asset);
  details["reviewer"] = e.reviewer;
  for (const AssetReviewed::Place& place : e.places) details["steps"].push_back(name_of(place.step));
}

void Recorder::operator()(const RunPaused& e) { add("run.paused", e.at); }

void Recorder::operator()(const RunResumed& e) {
  add("run.resumed", e.at).details["deadline"] = format_rfc3339(e.deadline);
}

void Recorder::operator()(const RunHeld& e) {
  add("run.held", e.at).details["concurrency_key"] = before_.concurrency_key;
}

void Recorder::operator()(const RunAdmitted& e) {
  add("run.admitted", e.at).duration = std::max(e.at - before_.accepted_at, Millis(0));
}

void Recorder::operator()(const DoubtResolved& e) {
  Json& details = add_task("attempt.resolved", e.task, e.at).details;
  if (!e.comment.empty()) details["comment"] = e.comment;
  if (e.task.compensation) details["compensation"] = true;
  details["decision"] = resolution_text(e.resolution);
}

}  // namespace

std::vector<RecordDraft> to_records(const std::vector<Event>& events, const RunState& before,
                                    const WorkflowDefinition& workflow, const std::vector<OutcomeDigest>& outcomes) {
  Recorder recorder(before, workflow, outcomes, events.size());
  for (const Event& event : events) std::visit(recorder, event);
  return recorder.take();
}

Json digest_to_json(const Digest& digest, std::uint64_t bytes) {
  Json value = Json::object();
  value["bytes"] = bytes;
  value["sha256"] = to_hex(digest);
  return value;
}

}  // namespace troupe
