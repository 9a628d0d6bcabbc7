#include "decider.hpp"

#include <algorithm>

namespace troupe {
namespace {

/// The undoing that comes next: of the step that was done last, backwards. A step that failed half-way comes first.
struct Undoing {
  StepIndex step;
  ItemIndex item;
};

std::optional<Undoing> next_undoing(const RunState& state, const WorkflowDefinition& workflow) {
  std::optional<Undoing> best;
  std::uint32_t best_order = 0;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (!workflow.steps[i].compensate) continue;
    const std::uint32_t order = step.order == 0 ? UINT32_MAX : step.order;
    if (best && order <= best_order) continue;
    for (ItemIndex item = step.items; item-- > 0;) {
      if (!step.done.test(item) || step.compensated.test(item)) continue;
      best = Undoing{static_cast<StepIndex>(i), item};
      best_order = order;
      break;
    }
  }
  return best;
}

bool needs_met(const RunState& state, const StepDefinition& step) {
  return std::all_of(step.needs.begin(), step.needs.end(), [&](StepIndex need) {
    return state.steps[need].status == Status::success || state.steps[need].status == Status::skipped;
  });
}

const LiveItem* find_live_item(const RunState& state, const TaskKey& task) {
  if (task.run != state.run || task.epoch != state.epoch || task.step >= state.steps.size()) return nullptr;
  if (task.compensation) {
    const bool same = state.compensation && state.compensation_step == task.step &&
                      state.compensation->item == task.item && state.compensation->attempt == task.attempt;
    return same ? &*state.compensation : nullptr;
  }
  for (const LiveItem& item : state.steps[task.step].live)
    if (item.item == task.item) return item.attempt == task.attempt ? &item : nullptr;
  return nullptr;
}

/// Of a run some of whose steps could not be undone.
Error compensation_incomplete(const RunState& state) {
  Error error{ErrorCode::compensation_incomplete, {}, false, state.not_undone};
  error.message = std::to_string(state.undoings_failed) +
                  (state.undoings_failed == 1 ? " thing that was" : " things that were") +
                  " done could not be undone; before, the run had " +
                  (state.verdict == Status::cancelled ? "been cancelled" : "failed");
  if (state.error) error.message += ": " + std::string(code_text(state.error->code)) + ": " + state.error->message;
  return error;
}

}  // namespace

bool waits_for_people(const RunState& state) {
  bool waits = false;
  for (const StepState& step : state.steps) {
    for (const LiveItem& item : step.live) {
      if (item.phase != AttemptPhase::awaiting && item.phase != AttemptPhase::in_doubt) return false;
      waits = true;
    }
  }
  return waits;
}

bool is_live(const RunState& state, const TaskKey& task) { return find_live_item(state, task) != nullptr; }

Error not_live(const TaskKey& task) {
  return {ErrorCode::conflict,
          "step " + std::to_string(task.step) + ", item " + std::to_string(task.item) + ", attempt " +
              std::to_string(task.attempt) + " is not live: its outcome no longer counts",
          false,
          {}};
}

const LiveItem* Decider::find_live(const TaskKey& task) const { return find_live_item(state_, task); }

TaskKey Decider::key_of(StepIndex step, const LiveItem& item, bool compensation) const {
  return {state_.run, step, item.item, item.attempt, compensation, state_.epoch};
}

void Decider::emit(Event event) {
  apply(state_, event, context_.workflow);
  decision_.events.push_back(std::move(event));
}

void Decider::dispatch(const TaskKey& task) {
  auto config = context_.evaluator.config(task);
  if (!config) return fail(task, std::move(config).error(), kNever);
  effect(DispatchTask{task, type_of(task), *std::move(config)});
  const Millis queue_timeout = definition(task.step).queue_timeout;
  if (!task.compensation && queue_timeout > Millis(0))
    effect(SetTimer{TimerKind::queue_deadline, task, find_live(task)->due + queue_timeout});
}

void Decider::fail(const TaskKey& task, Error error, Timestamp started_at) {
  const StepDefinition& step = definition(task.step);
  const RetryPolicy& policy = step.retry_of(task.compensation);
  const bool wanted =
      (task.compensation || state_.phase == RunPhase::forward) && !needs_no_worker(step.type_of(task.compensation));
  if (wanted && is_retried(policy, error) && task.attempt < policy.max_attempts) {
    const Millis asked = std::min(error.retry_after.value_or(Millis(0)), limits::kRetryAfterMax);
    const Timestamp due = now() + std::max(retry_delay(policy, task.attempt, context_.random), asked);
    emit(TaskRetried{task, std::move(error), now(), due, started_at});
    TaskKey next = task;
    ++next.attempt;
    effect(SetTimer{TimerKind::item_due, next, due});
    return;
  }
  error.retry_after.reset();
  emit(TaskFailed{task, error, now(), started_at});
  if (task.compensation) return;
  if (step.collects_failures())
    context_.evaluator.add_failure(task.step, task.item, error);
  else
    stop(Status::failed, std::move(error));
}

void Decider::stop(Status verdict, Error error) {
  if (state_.phase != RunPhase::forward) return;
  emit(RunStopping{verdict, std::move(error), now()});
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    const auto step = static_cast<StepIndex>(i);
    const std::vector<LiveItem> live = state_.steps[i].live;
    for (const LiveItem& item : live) {
      const bool has_no_worker = item.phase == AttemptPhase::in_doubt || needs_no_worker(definition(step).type);
      const bool seems_to_pause = pauses(definition(step).type, item, now());
      if (has_no_worker || seems_to_pause) emit(TaskCancelled{key_of(step, item), now()});
      // What seems to pause may be at work, if the clock was set back meanwhile.
      if (!has_no_worker) effect(StopTask{key_of(step, item)});
    }
  }
}

void Decider::advance() {
  if (state_.held) return;
  while (state_.phase == RunPhase::forward && begin_ready_steps()) {
  }
  finish_if_complete();
}

bool Decider::begin_ready_steps() {
  bool begun = false;
  for (std::size_t i = 0; i < state_.steps.size() && state_.phase == RunPhase::forward; ++i) {
    const auto step = static_cast<StepIndex>(i);
    const Status status = state_.steps[i].status;
    if (status == Status::pending && needs_met(state_, definition(step))) {
      begin_step(step);
      begun = true;
    } else if (status == Status::running) {
      begin_items(step);
      begun = begun || has_ended(state_.steps[i].status);
    }
  }
  return begun;
}

void Decider::begin_step(StepIndex step) {
  const StepDefinition& definition = this->definition(step);
  if (!definition.when.empty()) {
    const auto wanted = context_.evaluator.condition(step);
    if (!wanted) {
      emit(StepFailed{step, wanted.error(), now()});
      return stop(Status::failed, wanted.error());
    }
    if (!*wanted) return emit(StepSkipped{step, now()});
  }
  ItemIndex items = 1;
  if (!definition.for_each.empty()) {
    const auto count = context_.evaluator.item_count(step);
    if (!count) {
      emit(StepFailed{step, count.error(), now()});
      return stop(Status::failed, count.error());
    }
    items = *count;
  }
  emit(StepBegun{step, items, now()});
  if (const Timestamp deadline = state_.steps[step].deadline; deadline != kNever)
    effect(SetTimer{TimerKind::step_deadline, {state_.run, step}, deadline});
  begin_items(step);
}

void Decider::begin_items(StepIndex step) {
  const std::size_t most = std::min(limits::kItemsLive, definition(step).max_parallel);
  while (state_.phase == RunPhase::forward) {
    const StepState& current = state_.steps[step];
    if (current.next >= current.items || current.live.size() >= most) return;
    begin_item(step, current.next);
  }
}

void Decider::begin_item(StepIndex step, ItemIndex item) {
  const TaskKey task = key_of(step, LiveItem{item, 1});
  switch (definition(step).type) {
    case StepType::delay: {
      const auto due = context_.evaluator.wake_time(step, item, now());
      emit(ItemBegun{step, item, due.value_or(now()), {}, {}});
      if (!due) return fail(task, due.error(), kNever);
      return effect(SetTimer{TimerKind::item_due, task, *due});
    }
    case StepType::signal: return await_signal(step, item);
    case StepType::approval: return await_approval(step, item);
    default: emit(ItemBegun{step, item, now(), {}, {}}); return dispatch(task);
  }
}

Timestamp Decider::message_deadline(StepIndex step) const {
  const Millis timeout = definition(step).timeout;
  return timeout > Millis(0) ? now() + timeout : kNever;
}

void Decider::await_message(const TaskKey& task) {
  if (const Timestamp due = find_live(task)->due; due != kNever) effect(SetTimer{TimerKind::task_deadline, task, due});
}

void Decider::finish_if_complete() {
  const auto& steps = state_.steps;
  if (state_.phase == RunPhase::forward) {
    const bool complete =
        std::all_of(steps.begin(), steps.end(), [](const StepState& s) { return has_ended(s.status); });
    if (!complete) return;
    auto outputs = context_.evaluator.outputs();
    if (outputs) {
      emit(RunEnded{Status::success, now(), {}});
      return effect(FinishRun{Status::success, *std::move(outputs)});
    }
    stop(Status::failed, std::move(outputs).error());
  }
  if (state_.phase == RunPhase::stopping &&
      std::all_of(steps.begin(), steps.end(), [](const StepState& s) { return s.live.empty(); })) {
    compensate_next();
  } else if (state_.phase == RunPhase::compensating && !state_.compensation) {
    compensate_next();
  }
}

void Decider::compensate_next() {
  while (const auto undoing = next_undoing(state_, context_.workflow)) {
    emit(CompensationBegun{undoing->step, undoing->item, now()});
    dispatch(key_of(undoing->step, *state_.compensation, true));
    if (state_.compensation) return;  // under way; without it, its configuration could not be evaluated
  }
  if (state_.undoings_failed == 0) {
    emit(RunEnded{state_.verdict, now(), {}});
  } else {
    emit(RunEnded{Status::failed, now(), compensation_incomplete(state_)});
  }
  effect(FinishRun{state_.status, {}});
}

// What people take to decide is not the run's time.
Decision Decider::take() {
  if (state_.phase == RunPhase::forward) {
    const bool waits = waits_for_people(state_), paused = state_.paused_at != kNever;
    if (waits && !paused) emit(RunPaused{now()});
    if (!waits && paused) {
      const Timestamp deadline = state_.deadline + (now() - state_.paused_at);
      emit(RunResumed{now(), deadline});
      effect(SetTimer{TimerKind::run_deadline, {state_.run}, deadline});
    }
  }
  decision_.after = std::move(state_);
  return std::move(decision_);
}

}  // namespace troupe
