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

}  // namespace

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

StepType Decider::type_of(const TaskKey& task) const {
  const StepDefinition& step = definition(task.step);
  return task.compensation ? step.compensate->type : step.type;
}

Millis Decider::timeout_of(const TaskKey& task) const {
  const StepDefinition& step = definition(task.step);
  return task.compensation ? step.compensate->timeout : step.timeout;
}

void Decider::emit(Event event) {
  apply(state_, event, context_.workflow);
  decision_.events.push_back(std::move(event));
}

void Decider::dispatch(const TaskKey& task) {
  auto config = context_.evaluator.config(task);
  if (config) {
    effect(DispatchTask{task, type_of(task), *std::move(config)});
  } else {
    fail(task, std::move(config).error(), kNever);
  }
}

void Decider::fail(const TaskKey& task, Error error, Timestamp started_at) {
  const RetryPolicy& policy = definition(task.step).retry;
  const bool wanted = task.compensation || state_.phase == RunPhase::forward;
  if (wanted && error.retryable && task.attempt < policy.max_attempts) {
    const Timestamp due = now() + retry_delay(policy, task.attempt, context_.random);
    emit(TaskRetried{task, std::move(error), now(), due, started_at});
    TaskKey next = task;
    ++next.attempt;
    effect(SetTimer{TimerKind::item_due, next, due});
    return;
  }
  emit(TaskFailed{task, error, now(), started_at});
  if (!task.compensation) stop(Status::failed, std::move(error));
}

void Decider::stop(Status verdict, Error error) {
  if (state_.phase != RunPhase::forward) return;
  emit(RunStopping{verdict, std::move(error), now()});
  for (std::size_t i = 0; i < state_.steps.size(); ++i) {
    const auto step = static_cast<StepIndex>(i);
    const std::vector<LiveItem> live = state_.steps[i].live;
    for (const LiveItem& item : live) {
      const bool only_waits = item.phase == AttemptPhase::in_doubt || definition(step).type == StepType::delay ||
                              (item.phase == AttemptPhase::waiting && item.due > now());
      if (only_waits) {
        emit(TaskCancelled{key_of(step, item), now()});
      } else {
        effect(StopTask{key_of(step, item)});
      }
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
  begin_items(step);
}

void Decider::begin_items(StepIndex step) {
  while (state_.phase == RunPhase::forward) {
    const StepState& current = state_.steps[step];
    if (current.next >= current.items || current.live.size() >= limits::kItemsLive) return;
    const ItemIndex item = current.next;
    if (definition(step).type == StepType::delay) {
      const auto due = context_.evaluator.wake_time(step, item, now());
      emit(ItemBegun{step, item, due.value_or(now())});
      const TaskKey task = key_of(step, LiveItem{item, 1, AttemptPhase::waiting, now()});
      if (!due) return fail(task, due.error(), kNever);
      effect(SetTimer{TimerKind::item_due, task, *due});
    } else {
      emit(ItemBegun{step, item, now()});
      dispatch(key_of(step, LiveItem{item, 1, AttemptPhase::waiting, now()}));
    }
  }
}

void Decider::finish_if_complete() {
  const auto& steps = state_.steps;
  if (state_.phase == RunPhase::forward) {
    const bool complete =
        std::all_of(steps.begin(), steps.end(), [](const StepState& s) { return has_ended(s.status); });
    if (!complete) return;
    auto outputs = context_.evaluator.outputs();
    if (outputs) {
      emit(RunEnded{Status::success, now()});
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
  emit(RunEnded{state_.verdict, now()});
  effect(FinishRun{state_.verdict, {}});
}

}  // namespace troupe
