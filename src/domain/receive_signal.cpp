#include <algorithm>
#include <set>

#include "decider.hpp"

namespace troupe {
namespace {

constexpr std::size_t kNamesShown = 16;

/// Of a run that goes forward: the task that has waited for such a signal first, by the order of steps and items.
std::optional<TaskKey> find_waiting(const Decider& decider, const std::string& name) {
  for (std::size_t i = 0; i < decider.state().steps.size(); ++i)
    for (const LiveItem& item : decider.state().steps[i].live)
      if (item.phase == AttemptPhase::awaiting && item.signal == name)
        return decider.key_of(static_cast<StepIndex>(i), item);
  return std::nullopt;
}

/// What a run that goes forward waits for, and will.
struct ExpectedSignals {
  std::set<std::string> names;
  bool any_name = false;  ///< an expression is still to make a name

  bool contain(const std::string& name) const { return any_name || names.contains(name); }
};

ExpectedSignals expected_signals(const RunState& state, const Context& context) {
  ExpectedSignals expected;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (context.workflow.steps[i].type != StepType::signal || has_ended(step.status)) continue;
    if (auto written = context.evaluator.written_signal_name(static_cast<StepIndex>(i))) {
      expected.names.insert(*std::move(written));
      continue;
    }
    for (const LiveItem& item : step.live) expected.names.insert(item.signal);
    if (step.status == Status::pending || step.next < step.items) expected.any_name = true;
  }
  return expected;
}

Error not_expected(const std::string& name, const ExpectedSignals& expected) {
  if (expected.names.empty()) return {ErrorCode::no_signal_expected, "no step of the run waits for a signal, or will"};
  std::string listed;
  std::size_t shown = 0;
  for (auto one = expected.names.begin(); one != expected.names.end() && shown < kNamesShown; ++one, ++shown)
    listed += (shown == 0 ? "\"" : ", \"") + *one + '"';
  if (shown < expected.names.size()) listed += " and " + std::to_string(expected.names.size() - shown) + " more";
  return {ErrorCode::no_signal_expected,
          "no step of the run waits for the signal \"" + name + "\", or will; its steps wait for " + listed};
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

// A signal may come before the step that waits for it: it is kept until then. One that no step can take is refused,
// since most often its name is misspelt, and whoever sent it would believe that the run has it.
Result<Decision> decide_receive_signal(const RunState& state, const ReceiveSignal& command, const Context& context) {
  if (state.phase == RunPhase::ended) return ended_error(state.status);
  const ExpectedSignals expected =
      state.phase == RunPhase::forward ? expected_signals(state, context) : ExpectedSignals{};
  if (!expected.contain(command.name)) return not_expected(command.name, expected);
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
