#include "domain/run_world.hpp"

#include <algorithm>

#include "codec/run_state_codec.hpp"

namespace troupe {

RunWorld::RunWorld(Choices& choices) : choices_(choices), drawn_(choices), dice_(choices.number(0xFFFF)) {}

void RunWorld::play() {
  try {
    begin(make_run(RunId{{1}}, 1, drawn_.definition, now_, drawn_.timeout));
    play_once();
    while (choices_.chance(60) && retry()) play_once();
  } catch (const Violation& violation) {
    throw Violation(violation.what() + std::string("\nafter these commands:\n") + history());
  }
}

void RunWorld::begin(RunState fresh) {
  fresh_ = fresh;
  state_ = std::move(fresh);
  ledger_.emplace(drawn_.definition, fresh_);
  journal_.clear();
  work_.clear(), stops_.clear(), timers_.clear(), promised_.clear(), reviewed_.clear(), decided_.clear();
  tell_reviews();
  refused_signals_.clear();
  progress_ = 0;
  ledger_->expect_agreement(state_);
}

void RunWorld::play_once() {
  give(StartRun{choices_.chance(20)});
  const std::uint32_t most = choices_.number(120);
  crash_prone_ = choices_.chance(4);
  for (std::uint32_t i = 0; i < most && !choices_.empty(); ++i) {
    disturb();
    if (state_.phase == RunPhase::ended && !choices_.chance(50)) break;
  }
  let_it_end();
  expect_end();
}

// --- disturbances --------------------------------------------------------------------------------------------------

void RunWorld::disturb() {
  if (choices_.chance(50)) now_ += Millis(choices_.number(3'000));
  if (!doubts().empty() && choices_.chance(30)) return resolve_something();
  const std::uint32_t kind = crash_prone_ && choices_.chance(40) ? 24 : choices_.number(33);
  if (kind < 7)
    complete_something();
  else if (kind < 10)
    start_something();
  else if (kind < 13)
    fail_something();
  else if (kind < 15)
    stop_something();
  else if (kind < 17)
    fire_next_timer();
  else if (kind < 19)
    fire_any_timer();
  else if (kind < 21)
    tell_old_news();
  else if (kind < 22)
    tell_nonsense();
  else if (kind < 23)
    repeat_last_command();
  else if (kind < 24) {
    if (choices_.chance(20)) give(CancelRun{"enough"});
  } else if (kind < 25)
    crash();
  else if (kind < 26)
    give(AdmitRun{});
  else if (kind < 28)
    send_signal();
  else if (kind < 30)
    review_something();
  else if (kind < 32)
    resolve_something();
  else
    lose_next_commit_ = choices_.chance(50);
}

void RunWorld::send_signal() { give(ReceiveSignal{choices_.chance(50) ? "b" : "a"}); }

/// Some images of an approval under way (or of none), by someone who has not decided about them.
void RunWorld::review_something() {
  ReviewAssets command;
  const std::string reviewer(1, static_cast<char>('x' + choices_.number(3)));
  for (std::uint32_t i = 1 + choices_.number(3); i > 0; --i) {
    AssetId asset = ScriptedEvaluator::asset(static_cast<StepIndex>(choices_.number(8)), 0, choices_.number(4));
    if (!state_.approvals.empty()) {
      const ApprovalState& approval =
          state_.approvals[choices_.number(static_cast<std::uint32_t>(state_.approvals.size()))];
      asset = ScriptedEvaluator::asset(approval.step, approval.item, choices_.number(approval.terms.assets));
    }
    if (reviewed_.emplace(asset, reviewer).second)
      command.reviews.push_back({asset, reviewer, !choices_.chance(30), {}, now_});
  }
  if (!command.reviews.empty()) give(command);
}

/// Mostly what is in doubt; else anything, also what there is not.
void RunWorld::resolve_something() {
  ResolveDoubt command;
  const std::vector<TaskKey> open = doubts();
  if (!open.empty() && !choices_.chance(10)) {
    const TaskKey task = choices_.one_of(open);
    command.step = drawn_.definition.steps[task.step].name;
    if (choices_.chance(70)) command.item = task.item;
  } else {
    command.step = "s" + std::to_string(choices_.number(9));
    if (choices_.chance(50)) command.item = choices_.number(4);
  }
  command.resolution = static_cast<Resolution>(choices_.number(3));
  if (choices_.chance(50)) command.comment = "as drawn";
  give(command);
}

std::vector<TaskKey> RunWorld::doubts() const {
  std::vector<TaskKey> open;
  const auto add = [&](const LiveItem& item, std::size_t step, bool compensation) {
    if (item.phase == AttemptPhase::in_doubt)
      open.push_back({state_.run, static_cast<StepIndex>(step), item.item, item.attempt, compensation, state_.epoch});
  };
  for (std::size_t i = 0; i < state_.steps.size(); ++i)
    for (const LiveItem& item : state_.steps[i].live) add(item, i, false);
  if (state_.compensation) add(*state_.compensation, state_.compensation_step, true);
  return open;
}

void RunWorld::complete_something() {
  if (work_.empty()) return fire_next_timer();
  const std::size_t which = choices_.number(static_cast<std::uint32_t>(work_.size()));
  const TaskKey task = work_[which].task;
  work_.erase(work_.begin() + static_cast<std::ptrdiff_t>(which));
  give(CompleteTask{task, now_ - Millis(choices_.number(500))});
}

void RunWorld::start_something() {
  if (work_.empty()) return;
  const std::size_t which = choices_.number(static_cast<std::uint32_t>(work_.size()));
  const TaskKey task = work_[which].task;
  work_[which].started = true;
  if (!give(StartTask{task, "worker"}))
    std::erase_if(work_, [&](const Work& work) { return work.task == task; });
  else if (!drawn_.definition.steps[task.step].may_be_repeated(task.compensation) && choices_.chance(50))
    crash();  // what is in doubt then is rare otherwise
}

void RunWorld::fail_something() {
  if (work_.empty()) return;
  const std::size_t which = choices_.number(static_cast<std::uint32_t>(work_.size()));
  const TaskKey task = work_[which].task;
  work_.erase(work_.begin() + static_cast<std::ptrdiff_t>(which));
  give(FailTask{task, random_error(), now_ - Millis(choices_.number(500))});
}

/// As asked; or, now and then, though nobody asked.
void RunWorld::stop_something() {
  if (stops_.empty()) {
    if (!known_.empty()) give(TaskStopped{random_task()});
    return;
  }
  const std::size_t which = choices_.number(static_cast<std::uint32_t>(stops_.size()));
  const TaskKey task = stops_[which];
  stops_.erase(stops_.begin() + static_cast<std::ptrdiff_t>(which));
  std::erase_if(work_, [&](const Work& work) { return work.task == task; });
  give(TaskStopped{task, choices_.chance(70) ? now_ : kNever});
}

void RunWorld::fire_next_timer() {
  if (timers_.empty()) return;
  const auto next = std::min_element(timers_.begin(), timers_.end(),
                                     [](const SetTimer& a, const SetTimer& b) { return a.due < b.due; });
  const SetTimer timer = *next;
  timers_.erase(next);
  now_ = std::max(now_, timer.due);
  give(FireTimer{timer.kind, timer.task});
}

/// Perhaps too early, and then again in its time.
void RunWorld::fire_any_timer() {
  if (timers_.empty()) return;
  const SetTimer timer = choices_.one_of(timers_);
  give(FireTimer{timer.kind, timer.task});
}

void RunWorld::tell_old_news() {
  if (!known_.empty()) give(random_outcome(random_task()));
}

void RunWorld::tell_nonsense() {
  TaskKey task = known_.empty() ? TaskKey{state_.run} : random_task();
  switch (choices_.number(6)) {
    case 0: task.attempt = static_cast<AttemptNumber>(task.attempt + 1 + choices_.number(3)); break;
    case 1: task.epoch = static_cast<std::uint16_t>(task.epoch + 1 + choices_.number(3)); break;
    case 2: task.step = static_cast<StepIndex>(task.step + choices_.number(30)); break;
    case 3: task.item += choices_.number(100); break;
    case 4: task.compensation = !task.compensation; break;
    default: task.run = RunId{{static_cast<std::uint8_t>(200 + choices_.number(50))}};
  }
  if (ledger_->is_live(task)) return;  // it was not nonsense
  give(choices_.chance(30) ? Command(FireTimer{static_cast<TimerKind>(choices_.number(6)), task})
                           : random_outcome(task));
}

void RunWorld::repeat_last_command() {
  const Command& last = commands_.back();
  if (std::holds_alternative<StartRun>(last) || std::holds_alternative<ReviewAssets>(last)) return;  // given once
  give(last);
}

/// A run that is loaded is told what is committed.
void RunWorld::tell_reviews() {
  drawn_.evaluator.forget_reviews();
  for (const Review& review : decided_) drawn_.evaluator.add_review(review);
}

/// The process is gone, with its workers, its timers and what was not committed; the run is loaded and taken over.
void RunWorld::crash() {
  const auto loaded = decode_run_state(encode_run_state(state_));
  require(loaded.ok() && *loaded == state_, "a state is read as it was written");
  state_ = *loaded;
  work_.clear(), stops_.clear(), timers_.clear(), promised_.clear();
  lose_next_commit_ = false;
  tell_reviews();
  now_ += Millis(choices_.number(5'000));
  give(RecoverRun{choices_.chance(20)});
}

// --- the end -------------------------------------------------------------------------------------------------------

/// From here on all workers succeed, what is to be stopped is stopped, and timers fire when they are due.
void RunWorld::let_it_end() {
  lose_next_commit_ = false;
  std::size_t patience = 64 + 2 * timers_.size() + 2 * work_.size() + stops_.size();
  for (std::size_t i = 0; i < drawn_.definition.steps.size(); ++i)
    patience += 8 * (drawn_.definition.steps[i].for_each.empty() ? 1 : drawn_.evaluator.scripts[i].items);
  while (state_.phase != RunPhase::ended) {
    require(patience-- > 0, "an undisturbed run ends within a bounded number of commands");
    if (ledger_->held()) {
      give(AdmitRun{});
    } else if (!stops_.empty()) {
      stop_something();
    } else if (!work_.empty() && !work_.back().started && dice_.next() % 2 == 0) {
      const TaskKey task = work_.back().task;
      work_.back().started = true;
      if (!give(StartTask{task, "worker"})) work_.pop_back();
    } else if (!work_.empty()) {
      const TaskKey task = work_.back().task;
      work_.pop_back();
      give(CompleteTask{task, now_});
    } else if (waits_for_someone()) {
      answer_someone();
    } else {
      require(!timers_.empty(), "a run that has not ended waits for something");
      fire_next_timer();
    }
  }
}

bool RunWorld::waits_for_someone() const {
  if (!doubts().empty()) return true;
  return state_.phase == RunPhase::forward &&
         std::any_of(state_.steps.begin(), state_.steps.end(), [](const auto& step) {
           return std::any_of(step.live.begin(), step.live.end(),
                              [](const LiveItem& item) { return item.phase == AttemptPhase::awaiting; });
         });
}

void RunWorld::answer_someone() {
  if (const std::vector<TaskKey> open = doubts(); !open.empty()) {
    const auto resolution = static_cast<Resolution>(dice_.next() % 3);
    give(ResolveDoubt{drawn_.definition.steps[open[0].step].name, open[0].item, resolution, {}, {}});
    return;
  }
  for (const ApprovalState& approval : state_.approvals) {
    ReviewAssets command;
    for (std::uint32_t reviewer = 0; reviewer < approval.terms.min_approvers; ++reviewer)
      for (std::uint32_t i = 0; i < approval.terms.assets; ++i)
        command.reviews.push_back({ScriptedEvaluator::asset(approval.step, approval.item, i),
                                   "patient " + std::to_string(reviewer),
                                   true,
                                   {},
                                   now_});
    give(command);
    return;
  }
  for (const StepState& step : state_.steps)
    for (const LiveItem& item : step.live)
      if (item.phase == AttemptPhase::awaiting) {
        give(ReceiveSignal{item.signal});
        return;
      }
}

void RunWorld::expect_end() {
  require(ledger_->ended(), "the end is an event");
  RunState replayed = fresh_;
  for (const Event& event : journal_) apply(replayed, event, drawn_.definition);
  require(replayed == state_, "replaying the journal gives the live state");

  const auto cancelled = decide_now(CancelRun{"late"});
  require(!cancelled.ok() && cancelled.error().code == ErrorCode::job_finished,
          "a run that has ended cannot be cancelled");
  give(RecoverRun{});
  give(FireTimer{TimerKind::run_deadline, {state_.run}});
  if (!known_.empty()) give(random_outcome(random_task()));
}

/// The job is tried again, perhaps from one of its steps. False: that was refused, as it had to be.
bool RunWorld::retry() {
  const WorkflowDefinition& workflow = drawn_.definition;
  std::optional<std::string> from;
  if (choices_.chance(80))
    from = "s" + std::to_string(choices_.number(static_cast<std::uint32_t>(workflow.steps.size()) + 1));
  RunId next;
  next.bytes[0] = static_cast<std::uint8_t>(state_.number + 1);
  const auto made = make_retry(state_, workflow, workflow, next, from, now_, drawn_.timeout);
  if (from && !workflow.find_step(*from)) {
    require(!made.ok() && made.error().code == ErrorCode::validation_failed, "a retry from an unknown step is refused");
    return false;
  }
  require(made.ok() && made->run == next && made->number == state_.number + 1, "an ended run can be tried again");
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const StepState& step = made->steps[i];
    if (step.status == Status::pending) continue;
    const StepState& old = state_.steps[i];
    require(from && workflow.steps[i].name != *from, "nothing is reused of the step from which it is tried again");
    require(step.status == old.status && step.done == old.done, "what is reused is as it was");
    require(old.compensated.count() == 0, "nothing is reused that was undone");
    for (StepIndex need : workflow.steps[i].needs)
      require(made->steps[need].status != Status::pending, "nothing is reused whose needs are done again");
  }
  begin(*made);
  return true;
}

// --- what workers and others say -----------------------------------------------------------------------------------

TaskKey RunWorld::random_task() {
  const std::uint32_t recent = std::min<std::uint32_t>(static_cast<std::uint32_t>(known_.size()), 40);
  return known_[known_.size() - 1 - choices_.number(recent)];
}

Command RunWorld::random_outcome(const TaskKey& task) {
  switch (choices_.number(4)) {
    case 0: return CompleteTask{task, now_};
    case 1: return FailTask{task, random_error(), now_};
    case 2: return TaskStopped{task};
    default: return StartTask{task, "another worker"};
  }
}

Error RunWorld::random_error() {
  Error error{
      choices_.chance(50) ? ErrorCode::worker_lost : ErrorCode::http_failed, "as drawn", !choices_.chance(8), {}};
  if (choices_.chance(10)) error.retry_after = Millis(choices_.number(20'000));
  return error;
}

}  // namespace troupe
