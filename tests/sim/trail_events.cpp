#include "sim/trail_events.hpp"

#include <algorithm>

#include "domain/violation.hpp"

namespace troupe::sim {
namespace {

class Reader {
 public:
  Reader(const RunState* before, const RunState& after, const WorkflowDefinition& workflow,
         const ImagesAskedFor& images)
      : before_(before), after_(after), workflow_(workflow), images_(images) {}

  void read(const Json& record);
  std::vector<Event> take() { return std::move(events_); }

 private:
  void read_action(const std::string& action, const Json& details, bool was_at_work);
  void read_review(const Json& details, bool approved);
  void read_resumption(Timestamp deadline);
  void read_end(const std::string& action, const Json& details);
  void read_next(const Json& entry);

  StepIndex step_of(const Json& details) const {
    const auto step = workflow_.find_step(details.at("step").get_ref<const std::string&>());
    require(step.has_value(), "a record names a step of its workflow");
    return *step;
  }
  TaskKey task_of(const Json& details, bool compensation) const {
    return {after_.run,
            step_of(details),
            details.value("item", ItemIndex{0}),
            details.at("attempt").get<AttemptNumber>(),
            compensation || details.value("compensation", false),
            details.value("epoch", std::uint16_t{0})};
  }
  static Timestamp time_of(const Json& details, const char* name) {
    const auto time = parse_rfc3339(details.at(name).get_ref<const std::string&>());
    require(time.has_value(), "a time in a record is RFC 3339");
    return *time;
  }

  const RunState* before_;
  const RunState& after_;
  const WorkflowDefinition& workflow_;
  const ImagesAskedFor& images_;
  Timestamp at_;
  std::vector<Event> events_;
};

void Reader::read(const Json& record) {
  at_ = time_of(record, "at");
  const Json& details = record.at("details");
  read_action(record.at("action").get_ref<const std::string&>(), details, record.contains("duration_ms"));
  if (const auto next = details.find("next"); next != details.end())
    for (const Json& entry : *next) read_next(entry);
}

void Reader::read_action(const std::string& action, const Json& details, bool was_at_work) {
  if (action == "job.accepted" || action == "run.started")
    events_.push_back(RunStarted{at_, time_of(details, "deadline")});
  else if (action == "step.started")
    events_.push_back(TaskStarted{task_of(details, false), details.at("worker"), at_, time_of(details, "deadline")});
  else if (details.contains("signal"))
    events_.push_back(SignalTaken{details.at("signal"), task_of(details, false), at_});
  else if (action == "item.completed" || (action == "step.completed" && details.contains("attempt")))
    events_.push_back(TaskCompleted{task_of(details, false), at_, kNever});
  else if (action == "compensation.completed")
    events_.push_back(TaskCompleted{task_of(details, true), at_, kNever});
  else if (action == "step.retrying") {
    // `at` is the commit's, a moment after the decision that the back-off is counted from.
    const Timestamp due = time_of(details, "due");
    events_.push_back(
        TaskRetried{task_of(details, false), error_from_json(details.at("error")), std::min(at_, due), due, kNever});
  } else if (action == "item.failed" || (action == "step.failed" && details.contains("attempt")))
    events_.push_back(TaskFailed{task_of(details, false), error_from_json(details.at("error")), at_, kNever});
  else if (action == "compensation.failed")
    events_.push_back(TaskFailed{task_of(details, true), error_from_json(details.at("error")), at_, kNever});
  else if (action == "step.failed")
    events_.push_back(StepFailed{step_of(details), error_from_json(details.at("error")), at_});
  else if (action == "step.cancelled")
    events_.push_back(TaskCancelled{task_of(details, false), at_, was_at_work ? at_ : kNever});
  else if (action == "step.skipped")
    events_.push_back(StepSkipped{step_of(details), at_});
  else if (action == "run.stopping") {
    const auto verdict = status_from_text(details.at("verdict").get_ref<const std::string&>());
    events_.push_back(RunStopping{verdict.value_or(Status::pending), error_from_json(details.at("error")), at_});
  } else if (action == "compensation.started")
    events_.push_back(CompensationBegun{step_of(details), details.value("item", ItemIndex{0}), at_});
  else if (action == "run.recovered")
    events_.push_back(RunRecovered{at_, details.value("handed_back", false)});
  else if (action == "run.completed" || action == "run.failed" || action == "run.cancelled")
    read_end(action, details);
  else if (action == "run.held")
    events_.push_back(RunHeld{at_});
  else if (action == "run.admitted")
    events_.push_back(RunAdmitted{at_});
  else if (action == "attempt.resolved") {
    const auto resolution = resolution_from_text(details.at("decision").get_ref<const std::string&>());
    require(resolution.has_value(), "a decision about a doubt is done, repeat or failed");
    events_.push_back(DoubtResolved{task_of(details, false), *resolution, details.value("comment", ""), at_});
  } else if (action == "signal.received")
    events_.push_back(SignalReceived{details.at("ordinal"), details.at("name"), at_});
  else if (action == "asset.approved" || action == "asset.rejected")
    read_review(details, action == "asset.approved");
  else if (action == "run.paused")
    events_.push_back(RunPaused{after_.paused_at == kNever ? at_ : after_.paused_at});
  else if (action == "run.resumed")
    read_resumption(time_of(details, "deadline"));
  else if (action != "job.retried" && action != "step.begun" && action != "step.completed")
    throw Violation("the trail has the action " + action + ", which tests/sim/trail_events.cpp does not know");
}

/// The trail names the steps; the images stand there in the order of what they ask for.
void Reader::read_review(const Json& details, bool approved) {
  const auto asset = parse_id<AssetId>(details.at("asset").get_ref<const std::string&>());
  require(asset && before_ != nullptr, "a decision is about an image of a run");
  AssetReviewed reviewed{*asset, details.at("reviewer"), approved, at_, {}};
  std::vector<std::string> steps;
  for (const ApprovalState& approval : before_->approvals) {
    const std::vector<AssetId> images = images_(approval.step);
    const auto found = std::find(images.begin(), images.end(), *asset);
    if (found == images.end()) continue;
    reviewed.places.push_back({approval.step, approval.item, static_cast<std::uint32_t>(found - images.begin())});
    steps.push_back(workflow_.steps[approval.step].name);
  }
  require(details.value("steps", std::vector<std::string>()) == steps, "a decision counts where it is asked for");
  events_.push_back(std::move(reviewed));
}

void Reader::read_resumption(Timestamp deadline) {
  const bool was_paused = before_ != nullptr && before_->paused_at != kNever;
  events_.push_back(RunResumed{was_paused ? before_->paused_at + (deadline - before_->deadline) : at_, deadline});
}

void Reader::read_end(const std::string& action, const Json& details) {
  RunEnded ended{Status::success, at_, std::nullopt};
  if (action == "run.failed") ended.status = Status::failed;
  if (action == "run.cancelled") ended.status = Status::cancelled;
  if (details.contains("error"))
    if (Error error = error_from_json(details.at("error")); error.code == ErrorCode::compensation_incomplete)
      ended.error = std::move(error);
  events_.push_back(std::move(ended));
}

ApprovalState approval_of(StepIndex step, ItemIndex item, const Json& asked) {
  ApprovalState approval{step,
                         item,
                         {asked.at("assets"), asked.at("min_approved"), asked.at("min_approvers"),
                          on_expiry_from_text(asked.at("on_expiry").get_ref<const std::string&>()).value()},
                         {},
                         {}};
  for (const Json& decided : asked.value("decided", Json::array())) {
    for (int left = decided.value("approvals", 0); left > 0; --left) approval.count(decided.at("asset"), true);
    if (decided.value("rejected", false)) approval.count(decided.at("asset"), false);
  }
  return approval;
}

void Reader::read_next(const Json& entry) {
  const StepIndex step = step_of(entry);
  const bool has_items = !workflow_.steps[step].for_each.empty();
  const std::string signal = entry.value("signal", "");
  std::optional<ApprovalState> approval;
  if (const auto asked = entry.find("approval"); asked != entry.end())
    approval = approval_of(step, entry.value("from", ItemIndex{0}), *asked);
  const bool awaits = !signal.empty() || approval;
  const Timestamp due = entry.contains("due") ? time_of(entry, "due") : awaits ? kNever : at_;
  if (entry.value("skipped", false)) {
    events_.push_back(StepSkipped{step, at_});
  } else if (!has_items) {
    events_.push_back(StepBegun{step, 1, after_.steps[step].started_at});
    events_.push_back(ItemBegun{step, 0, due, signal, approval});
  } else {
    if (entry.contains("items")) events_.push_back(StepBegun{step, entry.at("items"), after_.steps[step].started_at});
    if (!entry.contains("from")) return;
    for (ItemIndex item = entry.at("from"); item <= entry.at("to").get<ItemIndex>(); ++item)
      events_.push_back(ItemBegun{step, item, due, signal, approval});
  }
}

}  // namespace

std::vector<Event> events_of_records(const std::vector<Json>& records, const RunState* before, const RunState& after,
                                     const WorkflowDefinition& workflow, const ImagesAskedFor& images) {
  Reader reader(before, after, workflow, images);
  for (const Json& record : records) reader.read(record);
  return reader.take();
}

}  // namespace troupe::sim
