#include <algorithm>

#include "decider.hpp"

namespace troupe {
namespace {

/// Of a run that goes forward: the task that has waited for such a signal first, by the order of steps and items.
std::optional<TaskKey> find_waiting(const Decider& decider, const std::string& name) {
  for (std::size_t i = 0; i < decider.state().steps.size(); ++i)
    for (const LiveItem& item : decider.state().steps[i].live)
      if (item.phase == AttemptPhase::awaiting && item.signal == name)
        return decider.key_of(static_cast<StepIndex>(i), item);
  return std::nullopt;
}

bool may_still_wait(const RunState& state, const WorkflowDefinition& workflow) {
  for (std::size_t i = 0; i < state.steps.size(); ++i)
    if (workflow.steps[i].type == StepType::signal && !has_ended(state.steps[i].status)) return true;
  return false;
}

}  // namespace

void Decider::await_signal(StepIndex step, ItemIndex item) {
  auto name = context_.evaluator.signal_name(step, item);
  const TaskKey task = key_of(step, LiveItem{item, 1});
  emit(ItemBegun{step, item, message_deadline(step), name ? *name : std::string(), {}});
  if (!name) return fail(task, std::move(name).error(), kNever);
  const auto kept = std::find_if(state_.signals.begin(), state_.signals.end(),
                                 [&](const RunState::Signal& signal) { return signal.name == *name; });
  if (kept != state_.signals.end()) return take_signal(kept->ordinal, task);
  await_message(task);
}

void Decider::take_signal(std::uint32_t ordinal, const TaskKey& task) {
  Document outputs = context_.evaluator.take_signal(ordinal, task.step, task.item);
  emit(SignalTaken{ordinal, task, now()});
  effect(KeepResult{task, std::move(outputs)});
}

// A signal may come before the step that waits for it: it is kept until then.
Result<Decision> decide_receive_signal(const RunState& state, const ReceiveSignal& command, const Context& context) {
  if (state.phase == RunPhase::ended)
    return {ErrorCode::job_finished, "the run has ended already: " + std::string(status_text(state.status))};
  if (state.phase != RunPhase::forward || !may_still_wait(state, context.workflow))
    return {ErrorCode::no_signal_expected, "no step of the run waits for a signal, or will"};
  Decider decider(state, context);
  const std::uint32_t ordinal = state.signals_received + 1;
  const auto waiting = find_waiting(decider, command.name);
  if (!waiting && state.signals.size() >= limits::kSignalsKept)
    return {ErrorCode::too_many_signals,
            std::to_string(limits::kSignalsKept) + " signals wait already for steps of the run"};
  decider.emit(SignalReceived{ordinal, command.name, context.now});
  if (waiting)
    decider.take_signal(ordinal, *waiting);
  else
    decider.effect(KeepSignal{ordinal});
  decider.advance();
  return decider.take();
}

}  // namespace troupe
