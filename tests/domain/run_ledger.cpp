#include "domain/run_ledger.hpp"

#include <algorithm>

namespace troupe {

RunLedger::RunLedger(const WorkflowDefinition& workflow, const RunState& fresh)
    : workflow_(workflow), run_(fresh.run), deadline_(fresh.deadline), steps_(fresh.steps.size()) {
  completed_.resize(fresh.steps_succeeded);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const StepState& reused = fresh.steps[i];
    steps_[i].collects = workflow.steps[i].collects_failures();
    steps_[i].skipped = reused.status == Status::skipped;
    if (reused.status != Status::success) continue;
    steps_[i].begun = true;
    steps_[i].items = reused.items;
    for (ItemIndex item = 0; item < reused.items; ++item)
      steps_[i].begun_items.push_back({reused.failed.test(item) ? Fate::failed : Fate::done});
    completed_.at(reused.order - 1) = static_cast<StepIndex>(i);
  }
}

void RunLedger::note(const Event& event) {
  require(!ended() || std::holds_alternative<AssetReviewed>(event), "a run that has ended stays ended");
  expect_promise_kept(event);
  std::visit([this](const auto& e) { on(e); }, event);
}

void RunLedger::expect_promise_kept(const Event& event) {
  const auto promise = std::exchange(promise_, std::nullopt);
  if (!promise) return;
  const auto* completed = std::get_if<TaskCompleted>(&event);
  const auto* failed = std::get_if<TaskFailed>(&event);
  if (promise->resolution == Resolution::done)
    require(completed && completed->task == promise->task, "what someone says was done is done");
  else
    require(failed && failed->task == promise->task && failed->error.code == ErrorCode::in_doubt,
            "what someone says has failed has failed");
}

// --- what may happen when ------------------------------------------------------------------------------------------

void RunLedger::on(const RunStarted&) {}

void RunLedger::on(const StepBegun& event) {
  Step& step = steps_.at(event.step);
  require(!stopping(), "no step begins once the run is stopping");
  note_begun();
  require(status_of(step) == Status::pending, "a step begins once");
  require(needs_met(event.step), "no step begins before its needs are met");
  step.begun = true;
  step.items = event.items;
  step.begun_at = event.at;
  if (needs_no_worker(workflow_.steps[event.step].type)) worked_on_ = true;
  note_completion(event.step);
}

void RunLedger::on(const StepSkipped& event) {
  Step& step = steps_.at(event.step);
  require(!stopping() && status_of(step) == Status::pending, "only a step that has not begun is skipped");
  note_begun();
  require(needs_met(event.step), "no step is skipped before its needs are met");
  require(!workflow_.steps[event.step].when.empty(), "only a step with a condition is skipped");
  step.skipped = true;
}

void RunLedger::on(const ItemBegun& event) {
  Step& step = steps_.at(event.step);
  require(!stopping(), "no item begins once the run is stopping");
  require(step.begun && event.item == step.begun_items.size() && event.item < step.items, "items begin in order, once");
  Item& item = step.begun_items.emplace_back();
  item.until = event.due;
  item.signal = event.signal;
  const StepDefinition& definition = workflow_.steps[event.step];
  if (event.approval) asks_[{event.step, event.item}] = begin_ask(*event.approval);
  require(count(step, Fate::live) <= std::min(limits::kItemsLive, definition.max_parallel),
          "no more items are live at once than the limits");
}

void RunLedger::on(const TaskStarted& event) {
  require(is_live(event.task), "only a live task is started");
  require(event.task.compensation || !stopping(), "no task is started once the run is stopping");
  require(!is_in_doubt(event.task), "what is in doubt is not started");
  (event.task.compensation ? undoing_->started : item_of(event.task).started) = true;
  worked_on_ = true;
}

void RunLedger::on(const TaskCompleted& event) {
  require(is_live(event.task), "an outcome counts once, and only while its task is live");
  require(!is_in_doubt(event.task), "what is in doubt is done only if someone says so");
  barren_ = 0;
  if (event.task.compensation) {
    steps_[event.task.step].undone.insert(event.task.item);
    undoing_.reset();
    return;
  }
  worked_on_ = true;
  if (workflow_.steps[event.task.step].type == StepType::approval) {
    const Item& item = item_of(event.task);
    const bool expired = item.until != kNever && event.at >= item.until;
    const Ask& ask = asks_.at({event.task.step, event.task.item});
    require(expired || ask.approved() >= ask.terms.min_approved, "an approval ends when enough is approved");
    asks_.erase({event.task.step, event.task.item});
  }
  item_of(event.task).fate = Fate::done;
  note_completion(event.task.step);
}

void RunLedger::on(const TaskRetried& event) {
  const RetryPolicy& policy = workflow_.steps.at(event.task.step).retry_of(event.task.compensation);
  require(is_live(event.task), "only a live task is retried");
  const auto named = [&](const std::vector<ErrorCode>& codes) {
    return std::count(codes.begin(), codes.end(), event.error.code) > 0;
  };
  require(!named(policy.never_on), "what is never to be retried is not");
  require(policy.on.empty() ? event.error.retryable : named(policy.on), "only what is to be retried is");
  require(event.task.attempt < policy.max_attempts, "attempts do not exceed the policy");
  require(event.due >= event.at &&
              event.due <= event.at + std::max(policy.max, event.error.retry_after.value_or(Millis(0))),
          "a back-off lies between nothing and its maximum");
  require(!is_in_doubt(event.task), "what is in doubt is not retried");
  if (event.task.compensation) {
    ++undoing_->attempt;
    undoing_->started = false;
    return;
  }
  require(!stopping(), "nothing is retried once the run is stopping");
  worked_on_ = true;
  ++item_of(event.task).attempt;
  item_of(event.task).started = false;
}

void RunLedger::on(const TaskFailed& event) {
  require(is_live(event.task), "a failure counts once, and only while its task is live");
  if (event.task.compensation) {
    steps_[event.task.step].undone.insert(event.task.item);
    undoing_.reset();
    ++undoings_failed_;
    return;
  }
  worked_on_ = true;
  item_of(event.task).fate = Fate::failed;
  asks_.erase({event.task.step, event.task.item});
  if (workflow_.steps[event.task.step].collects_failures())
    note_completion(event.task.step);
  else
    steps_[event.task.step].failed = true;
}

void RunLedger::on(const TaskCancelled& event) {
  require(is_live(event.task) && !event.task.compensation, "only a live task is cancelled");
  require(stopping(), "a task is cancelled only by a run that is stopping");
  worked_on_ = worked_on_ || event.started_at != kNever;
  item_of(event.task).fate = Fate::cancelled;
  asks_.erase({event.task.step, event.task.item});
}

void RunLedger::on(const StepFailed& event) {
  Step& step = steps_.at(event.step);
  const Millis allowed = workflow_.steps[event.step].total_timeout;
  const bool late = allowed > Millis(0) && step.begun && event.at >= step.begun_at + allowed;
  require(!stopping() && (status_of(step) == Status::pending || (late && status_of(step) == Status::running)),
          "a step fails as a whole before it begins, or when all its time is over");
  note_begun();
  step.failed = true;
}

void RunLedger::on(const RunStopping& event) {
  require(!stopping(), "a run is stopped once");
  require(event.verdict == Status::failed || event.verdict == Status::cancelled,
          "a run is stopped to fail or be cancelled");
  stopping_ = event;
  held_ = false;
  paused_at_ = kNever;
}

void RunLedger::on(const CompensationBegun& event) {
  require(stopping(), "nothing is undone while the run may succeed");
  require(!anything_live(), "nothing is undone while anything is live");
  require(!undoing_, "one thing is undone at a time");
  const std::vector<ItemIndex> items = to_undo(event.step);
  require(!items.empty() && items.back() == event.item, "only what was done is undone, its last item first");
  const std::uint32_t own_order = order_of(event.step);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto other = static_cast<StepIndex>(i);
    if (other == event.step || to_undo(other).empty()) continue;
    require(order_of(other) <= own_order, "steps are undone in reverse order of their completion");
  }
  compensating_ = true;
  undoing_ = Undoing{event.step, event.item, 1};
}

void RunLedger::on(const RunRecovered& event) {
  ++epoch_;
  if (!event.handed_back) ++barren_;
  const auto lose = [](auto& task, bool may_be_repeated) {
    task.in_doubt = task.in_doubt || (task.started && !may_be_repeated);
    task.started = false;
  };
  const auto may_be_repeated = [](const StepDefinition& step, StepType type) {
    return step.idempotent || type == StepType::workflow;
  };
  for (std::size_t i = 0; i < steps_.size(); ++i)
    for (Item& item : steps_[i].begun_items)
      if (item.fate == Fate::live) lose(item, may_be_repeated(workflow_.steps[i], workflow_.steps[i].type));
  if (!undoing_) return;
  const StepDefinition& undone = workflow_.steps[undoing_->step];
  lose(*undoing_, may_be_repeated(undone, undone.compensate->type));
}

void RunLedger::on(const DoubtResolved& event) {
  require(is_live(event.task) && is_in_doubt(event.task), "only what is in doubt is decided about");
  (event.task.compensation ? undoing_->in_doubt : item_of(event.task).in_doubt) = false;
  if (event.resolution != Resolution::repeat) promise_ = event;
}

void RunLedger::on(const RunEnded& event) {
  require(!anything_live() && !undoing_, "a run ends only when nothing of it is live");
  if (undoings_failed_ > 0)
    require(event.status == Status::failed && event.error && event.error->code == ErrorCode::compensation_incomplete,
            "what could not be undone is not hidden");
  else
    require(event.status == (stopping_ ? stopping_->verdict : Status::success) && !event.error,
            "a run ends as it was decided");
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (event.status == Status::success) {
      const Status status = status_of(steps_[i]);
      require(status == Status::success || status == Status::skipped, "a run succeeds only if all its steps did");
    } else {
      require(to_undo(static_cast<StepIndex>(i)).empty(), "everything that can be undone is, before the run ends");
    }
  }
  ended_ = event.status;
  kept_signals_.clear();
  paused_at_ = kNever;
  if (!event.error) return;
  end_error_ = event.error;
  stopping_->verdict = event.status;
}

void RunLedger::on(const SignalReceived& event) {
  require(!stopping() && event.ordinal == ++signals_, "signals are counted, and taken only while the run goes on");
  kept_signals_.emplace_back(event.ordinal, event.name);
}

void RunLedger::on(const SignalTaken& event) {
  require(!stopping() && is_live(event.task), "only a live task takes a signal");
  require(workflow_.steps[event.task.step].type == StepType::signal, "only a step that waits for one takes a signal");
  const auto kept = std::find_if(kept_signals_.begin(), kept_signals_.end(),
                                 [&](const auto& signal) { return signal.first == event.ordinal; });
  require(kept != kept_signals_.end(), "a signal is taken once");
  require(kept->second == item_of(event.task).signal, "a signal goes to a step that waits for its name");
  for (auto earlier = kept_signals_.begin(); earlier != kept; ++earlier)
    require(earlier->second != kept->second, "signals of one name are taken in order");
  kept_signals_.erase(kept);
  barren_ = 0;
  worked_on_ = true;
  item_of(event.task).fate = Fate::done;
  note_completion(event.task.step);
}

void RunLedger::on(const AssetReviewed& event) {
  for (const AssetReviewed::Place& place : event.places) {
    const auto ask = asks_.find({place.step, place.item});
    require(ask != asks_.end() && place.index < ask->second.terms.assets, "a decision counts where it is asked for");
    (event.approved ? ask->second.approvals : ask->second.rejections)[place.index].insert(event.reviewer);
  }
}

void RunLedger::on(const RunPaused& event) {
  require(!stopping() && paused_at_ == kNever && only_people(),
          "the time-out stands still while people are waited for");
  paused_at_ = event.at;
}

void RunLedger::on(const RunResumed& event) {
  require(!stopping() && paused_at_ != kNever && !only_people(), "the time-out goes on when it is the run's turn");
  require(event.deadline == deadline_ + (event.at - paused_at_), "the time-out is put off by what people took");
  deadline_ = event.deadline;
  paused_at_ = kNever;
}

/// The events of a decision do not say who decided before the approval began: the reviewers are numbers here.
RunLedger::Ask RunLedger::begin_ask(const ApprovalState& begun) {
  Ask ask{begun.terms, {}, {}};
  for (std::uint32_t image = 0; image < begun.terms.assets; ++image) {
    for (std::size_t n = 0; n < begun.approvals.size(); ++n)
      if (begun.approvals[n].test(image)) ask.approvals[image].insert(std::to_string(n));
    if (begun.rejected.test(image)) ask.rejections[image].insert("");
  }
  return ask;
}

std::uint32_t RunLedger::Ask::approved() const {
  std::uint32_t enough = 0;
  for (const auto& [index, reviewers] : approvals)
    enough += reviewers.size() >= terms.min_approvers && !rejections.contains(index);
  return enough;
}

bool RunLedger::only_people() const {
  bool any = false;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const Item& item : steps_[i].begun_items) {
      if (item.fate != Fate::live) continue;
      if (!waits_for_message(workflow_.steps[i].type) && !item.in_doubt) return false;
      any = true;
    }
  }
  return any;
}

void RunLedger::on(const RunHeld&) {
  require(!held_ && !begun_ && !stopping(), "a run is held before anything of it begins");
  held_ = true;
}

void RunLedger::on(const RunAdmitted&) {
  require(held_, "only a held run is admitted");
  held_ = false;
}

void RunLedger::note_begun() {
  require(!held_, "nothing of a held run begins");
  begun_ = true;
}

// --- what is known -------------------------------------------------------------------------------------------------

bool RunLedger::is_live(const TaskKey& task) const {
  if (task.run != run_ || task.epoch != epoch_ || task.step >= steps_.size()) return false;
  if (task.compensation) {
    return undoing_ && undoing_->step == task.step && undoing_->item == task.item && undoing_->attempt == task.attempt;
  }
  const Step& step = steps_[task.step];
  if (task.item >= step.begun_items.size()) return false;
  const Item& item = step.begun_items[task.item];
  return item.fate == Fate::live && item.attempt == task.attempt;
}

bool RunLedger::is_in_doubt(const TaskKey& task) const {
  if (task.compensation) return undoing_ && undoing_->in_doubt;
  return steps_[task.step].begun_items[task.item].in_doubt;
}

std::vector<ItemIndex> RunLedger::doubts(StepIndex step) const {
  std::vector<ItemIndex> items;
  for (ItemIndex item = 0; item < steps_[step].begun_items.size(); ++item)
    if (steps_[step].begun_items[item].fate == Fate::live && steps_[step].begun_items[item].in_doubt)
      items.push_back(item);
  if (undoing_ && undoing_->step == step && undoing_->in_doubt) items.push_back(undoing_->item);
  return items;
}

bool RunLedger::needs_met(StepIndex step) const {
  const auto& needs = workflow_.steps[step].needs;
  return std::all_of(needs.begin(), needs.end(), [&](StepIndex need) {
    return steps_[need].skipped || (is_complete(steps_[need]) && !steps_[need].failed);
  });
}

/// A take-over counts only if something else than these may have been at work: when, this book does not know.
bool RunLedger::has_jobs_of_its_own() const {
  return std::any_of(workflow_.steps.begin(), workflow_.steps.end(), [](const StepDefinition& step) {
    return step.type == StepType::workflow || (step.compensate && step.compensate->type == StepType::workflow);
  });
}

double RunLedger::progress() const {
  if (ended_ == Status::success) return 1.0;
  double sum = 0;
  for (const Step& step : steps_) {
    if (has_ended(status_of(step)))
      sum += 1.0;
    else if (step.items > 0)
      sum += static_cast<double>(count(step, Fate::done) + count(step, Fate::failed)) / step.items;
  }
  return sum / static_cast<double>(steps_.size());
}

std::size_t RunLedger::count(const Step& step, Fate fate) const {
  return static_cast<std::size_t>(std::count_if(step.begun_items.begin(), step.begun_items.end(),
                                                [&](const Item& item) { return item.fate == fate; }));
}

bool RunLedger::anything_live() const {
  return std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) { return count(step, Fate::live) > 0; });
}

void RunLedger::note_completion(StepIndex step) {
  if (is_complete(steps_[step]) && !steps_[step].failed) completed_.push_back(step);
}

Status RunLedger::status_of(const Step& step) const {
  if (step.skipped) return Status::skipped;
  if (step.failed) return Status::failed;
  if (is_complete(step)) return Status::success;
  if (stopping() && count(step, Fate::live) == 0) return Status::cancelled;
  return step.begun ? Status::running : Status::pending;
}

/// From 1; of a step that was done only in part, more than any.
std::uint32_t RunLedger::order_of(StepIndex step) const {
  const auto found = std::find(completed_.begin(), completed_.end(), step);
  return found == completed_.end() ? UINT32_MAX : static_cast<std::uint32_t>(found - completed_.begin()) + 1;
}

std::vector<ItemIndex> RunLedger::to_undo(StepIndex step) const {
  std::vector<ItemIndex> items;
  if (!workflow_.steps[step].compensate) return items;
  for (ItemIndex item = 0; item < steps_[step].begun_items.size(); ++item)
    if (steps_[step].begun_items[item].fate == Fate::done && !steps_[step].undone.contains(item)) items.push_back(item);
  return items;
}

// --- does the state say the same -----------------------------------------------------------------------------------

void RunLedger::expect_agreement(const RunState& state) const {
  const RunPhase phase = ended()         ? RunPhase::ended
                         : compensating_ ? RunPhase::compensating
                         : stopping()    ? RunPhase::stopping
                                         : RunPhase::forward;
  require(state.run == run_, "the run keeps its id");
  require(state.phase == phase, "the phase follows from the events");
  require(state.status == ended_.value_or(worked_on_ ? Status::running : Status::pending),
          "the status follows from the events");
  require(state.verdict == (stopping_ ? stopping_->verdict : Status::success), "the verdict is the one of the stop");
  const std::optional<Error> first = stopping_ ? std::optional(stopping_->error) : std::nullopt;
  require(state.error == (end_error_ ? end_error_ : first), "the error is the first failure");
  require(state.deadline == deadline_, "the deadline follows from the events");
  require((state.paused_at != kNever) == (!stopping() && !ended() && only_people()),
          "the time-out stands still exactly while people are waited for");
  require(state.paused_at == paused_at_, "it is known since when the time-out stands still");
  require(state.signals.size() == kept_signals_.size(), "signals that nobody took are kept");
  require(state.signals.size() <= limits::kSignalsKept, "no more signals are kept than the limit");
  require(state.approvals.size() == asks_.size(), "approvals under way are known");
  require(state.undoings_failed == undoings_failed_, "what could not be undone is counted");
  require((state.ended_at != kNever) == ended(), "a run has an end when it has ended");
  require(state.epoch == epoch_, "the epoch counts take-overs");
  require(state.held == held_, "a run is held until it is admitted or stopped");
  require(state.barren_recoveries == barren_ || (has_jobs_of_its_own() && state.barren_recoveries < barren_),
          "barren take-overs are counted since the last completion");
  require(state.steps_succeeded == completed_.size(), "the counter of steps that succeeded agrees");
  require(state.compensation.has_value() == undoing_.has_value(), "an undoing is live while it is under way");
  if (undoing_) {
    require(state.compensation_step == undoing_->step && state.compensation->item == undoing_->item &&
                state.compensation->attempt == undoing_->attempt,
            "the undoing under way is the one that was begun");
    require((state.compensation->phase == AttemptPhase::in_doubt) == undoing_->in_doubt,
            "an undoing is in doubt that was begun, and must not be begun twice");
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) expect_step_agreement(static_cast<StepIndex>(i), state.steps[i]);
}

void RunLedger::expect_all_begun() const {
  bool anything_open = false;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const Status status = status_of(step);
    anything_open = anything_open || !has_ended(status);
    if (status == Status::pending)
      require(!needs_met(static_cast<StepIndex>(i)), "a step begins when its needs are met");
    if (status == Status::running)
      require(step.begun_items.size() == step.items ||
                  count(step, Fate::live) == std::min(limits::kItemsLive, workflow_.steps[i].max_parallel),
              "items begin as far as the limit allows");
  }
  require(anything_open, "a run ends when all its steps have");
}

void RunLedger::expect_step_agreement(StepIndex index, const StepState& state) const {
  const Step& step = steps_[index];
  require(state.status == status_of(step), "a step's status follows from its items");
  require(state.items == step.items && state.next == step.begun_items.size(), "a step counts its items");
  require(state.done.count() == count(step, Fate::done),
          "the bitmap of what is done has as many bits as there are done");
  require(state.compensated.count() == step.undone.size(),
          "the bitmap of what is undone has as many bits as there are undone");
  require(state.order == (state.status == Status::success ? order_of(index) : 0),
          "a step knows its place among the successes");
  require(state.error.has_value() == step.failed, "a step has an error when it has failed");
  require((state.ended_at != kNever) == has_ended(state.status), "a step has an end when it has ended");
  std::size_t live = 0;
  for (ItemIndex i = 0; i < step.begun_items.size(); ++i) {
    const Item& item = step.begun_items[i];
    require(state.done.test(i) == (item.fate == Fate::done), "the bit of an item says whether it is done");
    require(state.failed.test(i) == (item.fate == Fate::failed && workflow_.steps[index].collects_failures()),
            "the bit of an item says whether it failed while the others went on");
    require(state.compensated.test(i) == step.undone.contains(i), "the bit of an item says whether it is undone");
    if (item.fate != Fate::live) continue;
    require(live < state.live.size() && state.live[live].item == i && state.live[live].attempt == item.attempt,
            "the list of live items is in order, with their attempts");
    require((state.live[live].phase == AttemptPhase::in_doubt) == item.in_doubt,
            "what is in doubt was begun, and must not be begun twice");
    ++live;
  }
  require(live == state.live.size(), "nothing else is live");
}

}  // namespace troupe
