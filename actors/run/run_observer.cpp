#include "actors/run/run_observer.hpp"

#include "actors/forecast/forecast.hpp"

namespace troupe {

SharedHistory& RunObserver::history() {
  if (!seed_.history) seed_.history = node_.forecast.history_of(seed_.job->workflow_key, node_.clock.now());
  return *seed_.history;
}

template <class Tell>
void RunObserver::tell(StepIndex step, Tell tell) {
  const StepDefinition& definition = seed_.workflow->steps[step];
  if (is_instant(definition.type)) return;
  history().tell([&](WorkflowHistory& history) { tell(history, definition); });
}

void RunObserver::begun() {
  for (StepIndex i = 0; i < seed_.state.steps.size(); ++i) {
    const StepState& step = seed_.state.steps[i];
    if (step.status == Status::pending) continue;
    tell(i, [&](WorkflowHistory& history, const StepDefinition& definition) {
      if (step.status == Status::skipped) history.step_took(definition, Millis(0));
      if (step.status == Status::running) history.step_had(definition, step.items);
      if (definition.type == StepType::delay)
        for (const LiveItem& item : step.live) history.step_took(definition, item.due - seed_.state.accepted_at);
    });
  }
}

void RunObserver::decided(const std::vector<Event>& events, const Outcomes& outcomes) {
  for (const Event& event : events) {
    if (const auto* skipped = std::get_if<StepSkipped>(&event)) {
      tell(skipped->step, [](auto& history, const auto& step) { history.step_took(step, Millis(0)); });
    } else if (const auto* step_begun = std::get_if<StepBegun>(&event)) {
      tell(step_begun->step, [&](auto& history, const auto& step) { history.step_had(step, step_begun->items); });
    } else if (const auto* begun = std::get_if<ItemBegun>(&event)) {
      tell(begun->step, [&](auto& history, const auto& step) {
        if (step.type == StepType::delay) history.step_took(step, begun->due - node_.clock.now());
      });
    } else if (const auto* retried = std::get_if<TaskRetried>(&event)) {
      if (!retried->task.compensation && retried->started_at != kNever)
        first_started_.try_emplace({retried->task.step, retried->task.item}, retried->started_at);
    } else if (const auto* done = std::get_if<TaskCompleted>(&event)) {
      const TaskEnded* outcome = find_outcome(outcomes, done->task);
      if (!done->task.compensation && outcome != nullptr) completed(*outcome);
    }
  }
}

void RunObserver::completed(const TaskEnded& outcome) {
  const auto first = first_started_.extract({outcome.task.step, outcome.task.item});
  const Millis took = outcome.ended_at - (first ? first.mapped() : outcome.started_at);
  tell(outcome.task.step, [&](auto& history, const auto& step) { history.step_took(step, took); });
}

void RunObserver::ended(Millis took) {
  if (!seed_.said || *seed_.said <= Millis(0) || seed_.state.status == Status::cancelled) return;
  history().tell([&](WorkflowHistory& history) { history.run_took(took, *seed_.said); });
}

}  // namespace troupe
