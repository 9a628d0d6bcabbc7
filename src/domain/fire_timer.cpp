#include "decider.hpp"

namespace troupe {
namespace {

void run_deadline(Decider& decider) {
  if (decider.now() < decider.state().deadline || decider.state().paused_at != kNever) return;
  const Millis allowed = decider.state().deadline - decider.state().accepted_at;
  decider.stop(Status::failed,
               {ErrorCode::run_timeout, "the run took longer than " + format_duration(allowed), false, {}});
}

void item_due(Decider& decider, const TaskKey& task) {
  const LiveItem* live = decider.find_live(task);
  if (live == nullptr || live->phase != AttemptPhase::waiting || live->due > decider.now()) return;
  const bool stopping = decider.state().phase == RunPhase::stopping;
  if (stopping) return;
  if (decider.type_of(task) == StepType::delay) {
    decider.emit(TaskCompleted{task, decider.now(), kNever});
  } else {
    decider.dispatch(task);
  }
}

/// Nobody decided in time.
void expire(Decider& decider, const TaskKey& task, const ApprovalState& approval) {
  const auto others = [&](const Bitmap& bits) {
    Bitmap rest;
    for (std::uint32_t i = 0; i < approval.terms.assets; ++i)
      if (!bits.test(i)) rest.set(i);
    return rest;
  };
  const Bitmap approved = approval.approved();
  switch (approval.terms.on_expiry) {
    case OnExpiry::approve:
      return decider.finish_approval(approval, others(approval.rejected), approval.rejected, true);
    case OnExpiry::reject:
      return decider.fail(task, {ErrorCode::approval_rejected, "nobody approved in time", false, {}}, kNever);
    case OnExpiry::skip: return decider.finish_approval(approval, approved, approval.rejected, true);
    case OnExpiry::fail:
      return decider.fail(task,
                          {ErrorCode::step_timeout,
                           "the approval took longer than " + format_duration(decider.timeout_of(task)),
                           false,
                           {}},
                          kNever);
  }
}

void message_deadline(Decider& decider, const TaskKey& task, const LiveItem& live) {
  if (live.due == kNever || live.due > decider.now()) return;
  for (const ApprovalState& approval : decider.state().approvals)
    if (approval.step == task.step && approval.item == task.item) return expire(decider, task, ApprovalState(approval));
  decider.fail(task,
               {ErrorCode::step_timeout,
                "no signal \"" + live.signal + "\" came within " + format_duration(decider.timeout_of(task)),
                false,
                {}},
               kNever);
}

/// It waited for a worker all the time.
void queue_deadline(Decider& decider, const TaskKey& task) {
  const LiveItem* live = decider.find_live(task);
  if (live == nullptr || live->phase != AttemptPhase::waiting || decider.state().phase != RunPhase::forward) return;
  const Millis allowed = decider.definition(task.step).queue_timeout;
  if (live->due + allowed > decider.now()) return;
  decider.effect(StopTask{task});
  decider.fail(
      task,
      {ErrorCode::queue_timeout, "the step waited for a worker longer than " + format_duration(allowed), true, {}},
      kNever);
}

void heartbeat(Decider& decider, const TaskKey& task, Timestamp started_at) {
  if (!decider.is_worked_on(task) || decider.state().phase != RunPhase::forward) return;
  const Millis allowed = decider.definition(task.step).heartbeat;
  decider.effect(StopTask{task});
  decider.fail(
      task, {ErrorCode::heartbeat_timeout, "the step gave no sign of life for " + format_duration(allowed), true, {}},
      started_at);
}

void step_deadline(Decider& decider, StepIndex index) {
  if (index >= decider.state().steps.size() || decider.state().phase != RunPhase::forward) return;
  const StepState& step = decider.state().steps[index];
  if (step.status != Status::running || step.deadline == kNever || step.deadline > decider.now()) return;
  const Error error{ErrorCode::step_timeout,
                    "the step took longer than " + format_duration(decider.definition(index).total_timeout) + " in all",
                    false,
                    {}};
  decider.emit(StepFailed{index, error, decider.now()});
  decider.stop(Status::failed, error);
}

void task_deadline(Decider& decider, const TaskKey& task, Timestamp started_at) {
  const LiveItem* live = decider.find_live(task);
  if (live == nullptr || decider.state().phase == RunPhase::stopping) return;
  if (live->phase == AttemptPhase::awaiting) return message_deadline(decider, task, *live);
  const Millis allowed = decider.timeout_of(task);
  decider.effect(StopTask{task});
  decider.fail(task, {ErrorCode::step_timeout, "the step took longer than " + format_duration(allowed), true, {}},
               started_at == kNever ? decider.now() - allowed : started_at);
}

}  // namespace

// A timer that comes too late (its task has ended, its attempt is an old one) decides nothing.
Result<Decision> decide_fire_timer(const RunState& state, const FireTimer& command, const Context& context) {
  Decider decider(state, context);
  if (state.phase == RunPhase::ended) return decider.take();
  switch (command.kind) {
    case TimerKind::run_deadline: run_deadline(decider); break;
    case TimerKind::item_due: item_due(decider, command.task); break;
    case TimerKind::task_deadline: task_deadline(decider, command.task, command.started_at); break;
    case TimerKind::queue_deadline: queue_deadline(decider, command.task); break;
    case TimerKind::step_deadline: step_deadline(decider, command.task.step); break;
    case TimerKind::heartbeat: heartbeat(decider, command.task, command.started_at); break;
  }
  decider.advance();
  return decider.take();
}

}  // namespace troupe
