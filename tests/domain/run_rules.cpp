// The half of RunWorld that gives a command to the core and holds what comes back against the rules.
#include <algorithm>

#include "domain/run_world.hpp"

namespace troupe {
namespace {

class Dice final : public Random {
 public:
  explicit Dice(FastRandom& random) : random_(random) {}
  std::uint64_t next() override { return random_.next(); }

 private:
  FastRandom& random_;
};

const TaskKey* task_of(const Command& command) {
  struct Find {
    const TaskKey* operator()(const StartTask& c) const { return &c.task; }
    const TaskKey* operator()(const CompleteTask& c) const { return &c.task; }
    const TaskKey* operator()(const FailTask& c) const { return &c.task; }
    const TaskKey* operator()(const TaskStopped& c) const { return &c.task; }
    const TaskKey* operator()(const FireTimer& c) const { return &c.task; }
    const TaskKey* operator()(const StartRun&) const { return nullptr; }
    const TaskKey* operator()(const CancelRun&) const { return nullptr; }
    const TaskKey* operator()(const RecoverRun&) const { return nullptr; }
    const TaskKey* operator()(const ReceiveSignal&) const { return nullptr; }
    const TaskKey* operator()(const ReviewAssets&) const { return nullptr; }
    const TaskKey* operator()(const AdmitRun&) const { return nullptr; }
    const TaskKey* operator()(const ResolveDoubt&) const { return nullptr; }
  };
  return std::visit(Find{}, command);
}

const char* name_of(const Command& command) {
  static constexpr const char* kNames[] = {"StartRun",      "StartTask",    "CompleteTask", "FailTask",
                                           "TaskStopped",   "FireTimer",    "CancelRun",    "RecoverRun",
                                           "ReceiveSignal", "ReviewAssets", "AdmitRun",     "ResolveDoubt"};
  return kNames[command.index()];
}

const LiveItem* find_live(const RunState& state, const TaskKey& task) {
  if (task.compensation) return state.compensation ? &*state.compensation : nullptr;
  for (const LiveItem& item : state.steps[task.step].live)
    if (item.item == task.item) return &item;
  return nullptr;
}

template <class E>
bool has_effect(const Decision& decision, const TaskKey& task, std::size_t from = 0) {
  return std::any_of(decision.effects.begin() + static_cast<std::ptrdiff_t>(from), decision.effects.end(),
                     [&](const Effect& effect) {
                       const auto* found = std::get_if<E>(&effect);
                       return found != nullptr && found->task == task;
                     });
}

bool is_cancelled_by(const Decision& decision, const TaskKey& task) {
  return std::any_of(decision.events.begin(), decision.events.end(), [&](const Event& event) {
    const auto* cancelled = std::get_if<TaskCancelled>(&event);
    return cancelled != nullptr && cancelled->task == task;
  });
}

}  // namespace

Result<Decision> RunWorld::decide_now(const Command& command) {
  Dice dice(dice_);
  return decide(state_, command, Context{drawn_.definition, drawn_.evaluator, dice, now_});
}

void RunWorld::check_approval_begins(const ItemBegun& begun) const {
  const ApprovalState& approval = *begun.approval;
  for (std::uint32_t i = 0; i < approval.terms.assets; ++i) {
    std::size_t approvals = 0;
    bool is_rejected = false;
    for (const Review& review : decided_) {
      if (review.asset != ScriptedEvaluator::asset(begun.step, begun.item, i)) continue;
      approvals += review.approved ? 1 : 0;
      is_rejected |= !review.approved;
    }
    std::size_t counted = 0;
    for (const Bitmap& level : approval.approvals) counted += level.test(i);
    require(counted == std::min<std::size_t>(approvals, approval.terms.min_approvers) &&
                approval.rejected.test(i) == is_rejected,
            "an approval begins with what was decided before");
  }
}

bool RunWorld::give(const Command& given) {
  const Command command = given;  // it may be a part of commands_
  commands_.push_back(command);
  const RunState before = state_;
  const auto* reviews = std::get_if<ReviewAssets>(&command);
  if (reviews != nullptr)
    for (const Review& review : reviews->reviews) drawn_.evaluator.add_review(review);
  auto decision = decide_now(command);
  require(state_ == before, "a decision does not change the state that it was made from");
  if (!decision) {
    check_refusal(command, decision.error());
    const auto* signal = std::get_if<ReceiveSignal>(&command);
    if (signal != nullptr && decision.error().code == ErrorCode::no_signal_expected)
      refused_signals_.insert(signal->name);
    return false;
  }
  if (before.phase == RunPhase::ended)
    require((decision->events.empty() || std::holds_alternative<ReviewAssets>(command)) && decision->effects.empty(),
            "nothing follows in a run that has ended");
  if (lose_next_commit_ && !decision->events.empty()) {
    crash();
    return false;
  }
  if (reviews != nullptr) decided_.insert(decided_.end(), reviews->reviews.begin(), reviews->reviews.end());
  for (const Event& event : decision->events) {
    ledger_->note(event);
    apply(state_, event, drawn_.definition);
    journal_.push_back(event);
    if (const auto* begun = std::get_if<ItemBegun>(&event)) {
      known_.push_back({state_.run, begun->step, begun->item, 1, false, state_.epoch});
      if (begun->approval) check_approval_begins(*begun);
      require(!refused_signals_.contains(begun->signal), "a signal is refused only if no step will ever wait for it");
    }
  }
  require(state_ == decision->after, "a decision tells the state that its events lead to");
  ledger_->expect_agreement(state_);
  const double progress = progress_of(state_);
  require(progress == ledger_->progress(), "progress is the share of what is done");
  require(progress >= progress_ && progress <= 1.0, "progress never goes back");
  progress_ = progress;
  check_effects(before, command, *decision);
  check_outcome_counts_once(command);
  check_resolution(before, command, *decision);
  check_timer_obeyed(before, command, *decision);
  if (observer_) observer_(before, *decision, state_);
  do_effects(decision->effects);
  check_nothing_forgotten();
  return true;
}

void RunWorld::check_refusal(const Command& command, const Error& error) const {
  if (std::holds_alternative<CancelRun>(command)) {
    require(error.code == ErrorCode::job_finished && ledger_->ended(), "a cancel is refused only after the end");
    return;
  }
  if (std::holds_alternative<ReceiveSignal>(command)) {
    require((error.code == ErrorCode::job_finished) == ledger_->ended(), "a signal comes too late after the end");
    require(ledger_->ended() || error.code == ErrorCode::no_signal_expected ||
                (error.code == ErrorCode::too_many_signals && state_.signals.size() == limits::kSignalsKept),
            "a signal is refused when nobody will take it, or too many wait");
    return;
  }
  if (const auto* resolve = std::get_if<ResolveDoubt>(&command)) return check_refused_resolution(*resolve, error);
  require(error.code == ErrorCode::conflict, "an outcome that no longer counts is a conflict");
  const TaskKey* task = task_of(command);
  require(task != nullptr && !std::holds_alternative<FireTimer>(command), "only what tells of a task can be refused");
  if (!ledger_->is_live(*task)) return;
  if (find_live(state_, *task)->phase == AttemptPhase::awaiting) return;  // no worker has it
  require(std::holds_alternative<StartTask>(command), "the outcome of a live task counts");
  const bool in_doubt = find_live(state_, *task)->phase == AttemptPhase::in_doubt;
  require(in_doubt || state_.phase == RunPhase::stopping,
          "a live task may start, unless it is in doubt or the run stops");
}

void RunWorld::check_refused_resolution(const ResolveDoubt& command, const Error& error) const {
  if (ledger_->ended())
    return require(error.code == ErrorCode::job_finished, "a decision comes too late after the end");
  const auto step = drawn_.definition.find_step(command.step);
  if (!step) return require(error.code == ErrorCode::not_found, "only a step that there is can be decided about");
  const std::vector<ItemIndex> open = ledger_->doubts(*step);
  if (!command.item && open.size() > 1)
    return require(error.code == ErrorCode::validation_failed && error.faults.at(0).pointer == "/item",
                   "where several are in doubt, one has to be named");
  require(error.code == ErrorCode::conflict, "what is not in doubt cannot be decided about");
  require(open.empty() || (command.item && std::count(open.begin(), open.end(), *command.item) == 0),
          "what is in doubt can be decided about");
}

void RunWorld::check_effects(const RunState& before, const Command& command, const Decision& decision) {
  if (std::holds_alternative<CancelRun>(command) && before.phase == RunPhase::forward)
    require(state_.phase != RunPhase::forward && (state_.verdict == Status::cancelled || state_.undoings_failed > 0),
            "a cancel that is accepted holds");
  std::size_t finished = 0;
  for (std::size_t i = 0; i < decision.effects.size(); ++i) {
    const Effect& effect = decision.effects[i];
    if (std::holds_alternative<DispatchTask>(effect)) check_dispatch(before, command, decision, i);
    if (const auto* admit = std::get_if<AdmitTask>(&effect)) check_admission(command, decision, admit->task);
    if (const auto* timer = std::get_if<SetTimer>(&effect)) check_timer(*timer);
    if (const auto* stop = std::get_if<StopTask>(&effect))
      require(find_live(before, stop->task) != nullptr || ledger_->is_live(stop->task) ||
                  is_cancelled_by(decision, stop->task),
              "only what is live, or is cancelled, is stopped");
    if (const auto* finish = std::get_if<FinishRun>(&effect)) {
      ++finished;
      require(finish->status == state_.status, "a run finishes as it ended");
      require(finish->outputs.present() == (finish->status == Status::success), "only a run that succeeds has outputs");
    }
  }
  const bool has_just_ended = before.phase != RunPhase::ended && state_.phase == RunPhase::ended;
  require(finished == (has_just_ended ? 1u : 0u), "a run finishes once, when it ends");
  check_stops(before, decision);
}

void RunWorld::check_dispatch(const RunState& before, const Command& command, const Decision& decision,
                              std::size_t place) {
  const auto& dispatch = std::get<DispatchTask>(decision.effects[place]);
  const TaskKey& task = dispatch.task;
  const StepDefinition& step = drawn_.definition.steps.at(task.step);
  const bool timer_again = std::holds_alternative<FireTimer>(command) && *task_of(command) == task;
  require(dispatched_.insert(task).second || timer_again, "each task that is dispatched has a key of its own");
  require(ledger_->is_live(task), "only a live task is dispatched");
  require(task.attempt <= step.retry_of(task.compensation).max_attempts, "attempts do not exceed the policy");
  require(dispatch.type == (task.compensation ? step.compensate->type : step.type), "a task is dispatched as its type");
  require(dispatch.type != StepType::delay, "nobody works on a delay");
  const LiveItem* live = find_live(state_, task);
  require(live->phase == AttemptPhase::waiting && live->due <= now_,
          "a task is dispatched when it is due, not in doubt");
  if (task.compensation) return;
  require(before.phase == RunPhase::forward, "no task is dispatched once the run is stopping");
  require(ledger_->needs_met(task.step), "no task is dispatched before its needs are met");
  if (state_.phase != RunPhase::forward)
    require(has_effect<StopTask>(decision, task, place + 1),
            "what is dispatched by a decision that stops the run is stopped after it");
}

void RunWorld::check_admission(const Command& command, const Decision& decision, const TaskKey& task) const {
  const auto* start = std::get_if<StartTask>(&command);
  require(start != nullptr && start->task == task, "only the worker that asked is admitted");
  require(state_.phase != RunPhase::stopping, "nobody is admitted once the run is stopping");
  const StepDefinition& step = drawn_.definition.steps[task.step];
  const StepType type = task.compensation ? step.compensate->type : step.type;
  const Millis timeout = task.compensation ? step.compensate->timeout : step.timeout;
  const bool queue_counts = !task.compensation && step.queue_timeout > Millis(0);
  require(decision.events.empty() == (!leaves_process(type) && step.idempotent && !queue_counts),
          "a start is committed if the work leaves the process, must not be done twice, or its wait is limited");
  const Effect deadline = SetTimer{TimerKind::task_deadline, task, now_ + timeout};
  require(std::find(decision.effects.begin(), decision.effects.end(), deadline) != decision.effects.end(),
          "who is admitted has a deadline");
}

void RunWorld::check_timer(const SetTimer& timer) const {
  if (timer.kind == TimerKind::run_deadline)
    return require(timer.due == state_.deadline, "the run's timer is its deadline");
  if (timer.kind == TimerKind::step_deadline)
    return require(timer.due == state_.steps.at(timer.task.step).deadline, "a step's timer is its deadline");
  // A delay may begin and be cancelled in one decision; its timer comes to nothing.
  require(ledger_->is_live(timer.task) || state_.phase != RunPhase::forward, "a timer belongs to a live task");
  const LiveItem* live = find_live(state_, timer.task);
  if (timer.kind == TimerKind::item_due && live != nullptr && ledger_->is_live(timer.task))
    require(timer.due == live->due, "a timer fires when its task is due");
  if (timer.kind == TimerKind::queue_deadline && live != nullptr && ledger_->is_live(timer.task))
    require(timer.due == live->due + drawn_.definition.steps[timer.task.step].queue_timeout,
            "the wait for a worker begins when the task is due");
}

void RunWorld::check_stops(const RunState& before, const Decision& decision) const {
  if (before.phase != RunPhase::forward || state_.phase != RunPhase::stopping) return;
  for (std::size_t i = 0; i < state_.steps.size(); ++i)
    for (const LiveItem& item : state_.steps[i].live)
      require(has_effect<StopTask>(
                  decision, {state_.run, static_cast<StepIndex>(i), item.item, item.attempt, false, state_.epoch}),
              "everything that is live when the run is stopped is told to stop");
}

/// What comes when it is due has its effect.
void RunWorld::check_timer_obeyed(const RunState& before, const Command& command, const Decision& decision) const {
  const auto* fired = std::get_if<FireTimer>(&command);
  if (fired == nullptr || before.phase != RunPhase::forward) return;
  if (fired->kind == TimerKind::run_deadline) {
    require(now_ < before.deadline || before.paused_at != kNever || state_.phase != RunPhase::forward,
            "a run stops at its deadline, but for what people take");
  } else if (fired->kind == TimerKind::step_deadline) {
    const StepState* step = fired->task.step < before.steps.size() ? &before.steps[fired->task.step] : nullptr;
    const bool over = step && step->status == Status::running && step->deadline != kNever && step->deadline <= now_;
    require(!over || state_.phase != RunPhase::forward, "a step does not outlive its deadline");
  } else if (ledger_->is_live(fired->task)) {
    const LiveItem* live = find_live(before, fired->task);
    if (live->phase == AttemptPhase::awaiting)
      return require(fired->kind != TimerKind::task_deadline || live->due == kNever || live->due > now_,
                     "nothing waits for a message longer than it should");
    require(fired->kind != TimerKind::task_deadline, "an attempt does not outlive its deadline");
    require(fired->kind != TimerKind::heartbeat || fired->task.compensation, "silence ends an attempt");
    if (fired->kind == TimerKind::queue_deadline)
      return require(live->phase != AttemptPhase::waiting ||
                         live->due + drawn_.definition.steps[fired->task.step].queue_timeout > now_,
                     "a task does not wait for a worker longer than it may");
    require(live->phase != AttemptPhase::waiting || live->due > now_ || has_effect<DispatchTask>(decision, fired->task),
            "a task goes when it is due");
  }
}

/// What waits has been let go, or has a timer: otherwise it would wait for the run's deadline.
void RunWorld::check_nothing_forgotten() const {
  if (state_.phase == RunPhase::forward && !ledger_->held()) ledger_->expect_all_begun();
  const auto check = [&](const LiveItem& item, StepIndex step, bool compensation) {
    const bool waits =
        item.phase == AttemptPhase::waiting || (item.phase == AttemptPhase::awaiting && item.due != kNever);
    if (!waits || state_.phase == RunPhase::stopping) return;
    require(promised_.contains({state_.run, step, item.item, item.attempt, compensation, state_.epoch}),
            "what waits is dispatched or has a timer");
  };
  for (std::size_t i = 0; i < state_.steps.size(); ++i)
    for (const LiveItem& item : state_.steps[i].live) check(item, static_cast<StepIndex>(i), false);
  if (state_.compensation) check(*state_.compensation, state_.compensation_step, true);
}

void RunWorld::check_outcome_counts_once(const Command& command) {
  if (!std::holds_alternative<CompleteTask>(command) && !std::holds_alternative<FailTask>(command)) return;
  const auto again = decide_now(command);
  require(!again.ok() && again.error().code == ErrorCode::conflict, "an outcome counts once");
}

/// A decision about a doubt is carried out, and it is made once.
void RunWorld::check_resolution(const RunState& before, const Command& command, const Decision& decision) const {
  const auto* resolve = std::get_if<ResolveDoubt>(&command);
  if (resolve == nullptr) return;
  const auto* resolved = decision.events.empty() ? nullptr : std::get_if<DoubtResolved>(&decision.events.front());
  require(resolved != nullptr && resolved->resolution == resolve->resolution && resolved->comment == resolve->comment,
          "a decision about a doubt is an event");
  const TaskKey& task = resolved->task;
  require(drawn_.definition.steps.at(task.step).name == resolve->step && resolve->item.value_or(task.item) == task.item,
          "a decision is about what it names");
  require(find_live(before, task)->attempt == task.attempt, "an attempt that is repeated keeps its number");
  require(has_effect<KeepResult>(decision, task) == (resolve->resolution == Resolution::done),
          "what was done has a result");
  if (ledger_->is_live(task))
    require(resolve->resolution == Resolution::repeat && has_effect<DispatchTask>(decision, task),
            "what is to be repeated is dispatched");
  require(ledger_->ended() || std::ranges::count(ledger_->doubts(task.step), task.item) == 0,
          "a doubt is decided once");
}

void RunWorld::do_effects(const std::vector<Effect>& effects) {
  struct Do {
    RunWorld& world;
    void operator()(const DispatchTask& effect) const {
      world.work_.push_back({effect.task, false});
      world.known_.push_back(effect.task);
      world.promised_.insert(effect.task);
    }
    void operator()(const AdmitTask&) const {}
    void operator()(const SetTimer& effect) const {
      world.timers_.push_back(effect);
      if (effect.kind == TimerKind::item_due || effect.kind == TimerKind::task_deadline)
        world.promised_.insert(effect.task);
    }
    void operator()(const StopTask& effect) const { world.stops_.push_back(effect.task); }
    void operator()(const FinishRun&) const {}
    void operator()(const KeepResult&) const {}
    void operator()(const KeepSignal&) const {}
  };
  for (const Effect& effect : effects) std::visit(Do{*this}, effect);
}

std::string RunWorld::history() const {
  std::string text;
  for (const Command& command : commands_) {
    text += "  " + std::string(name_of(command));
    if (const TaskKey* task = task_of(command)) {
      text += " run " + std::to_string(task->run.bytes[0]) + " step " + std::to_string(task->step) + " item " +
              std::to_string(task->item) + " attempt " + std::to_string(task->attempt) + " epoch " +
              std::to_string(task->epoch) + (task->compensation ? " undoing" : "");
    }
    if (const auto* timer = std::get_if<FireTimer>(&command))
      text += " kind " + std::to_string(static_cast<int>(timer->kind));
    if (const auto* failed = std::get_if<FailTask>(&command))
      text += failed->error.retryable ? " retryable" : " for good";
    text += "\n";
  }
  return text;
}

}  // namespace troupe
