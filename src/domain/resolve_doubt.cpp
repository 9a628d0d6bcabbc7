#include <algorithm>

#include "decider.hpp"
#include "troupe/domain/doubt.hpp"

namespace troupe {
namespace {

std::string in_words(const std::vector<ItemIndex>& items) {
  std::string text;
  for (ItemIndex item : items) text += (text.empty() ? "" : ", ") + std::to_string(item);
  return text;
}

Result<TaskKey> find_doubt(const Decider& decider, StepIndex step, const std::optional<ItemIndex>& item) {
  const std::vector<Doubt> doubts = doubts_of(decider.state(), step);
  const auto task_of = [&](const Doubt& doubt) {
    return decider.key_of(step, LiveItem{doubt.item, doubt.attempt}, doubt.compensation);
  };
  const std::string name = "step \"" + decider.definition(step).name + '"';
  if (doubts.empty())
    return Error{ErrorCode::conflict, "no attempt of " + name + " is in doubt: it is " +
                                          std::string(status_text(decider.state().steps[step].status))};
  if (!item && doubts.size() == 1) return task_of(doubts.front());
  std::vector<ItemIndex> items;
  for (const Doubt& doubt : doubts) items.push_back(doubt.item);
  if (!item)
    return Error{ErrorCode::validation_failed,
                 "several items of " + name + " are in doubt",
                 false,
                 {{"/item", "must name one of those in doubt: " + in_words(items)}}};
  const auto found = std::find(items.begin(), items.end(), *item);
  if (found == items.end())
    return Error{ErrorCode::conflict,
                 "item " + std::to_string(*item) + " of " + name + " is not in doubt; these are: " + in_words(items)};
  return task_of(doubts[static_cast<std::size_t>(found - items.begin())]);
}

}  // namespace

std::vector<Doubt> doubts_of(const RunState& state, StepIndex step) {
  std::vector<Doubt> doubts;
  for (const LiveItem& item : state.steps[step].live)
    if (item.phase == AttemptPhase::in_doubt) doubts.push_back({item.item, item.attempt, false, item.due});
  const auto& undoing = state.compensation;
  if (undoing && state.compensation_step == step && undoing->phase == AttemptPhase::in_doubt)
    doubts.push_back({undoing->item, undoing->attempt, true, undoing->due});
  return doubts;
}

// Whoever decides takes the place of the outcome that nobody told. The attempt keeps its number: a take-over costs
// none.
Result<Decision> decide_resolve_doubt(const RunState& state, const ResolveDoubt& command, const Context& context) {
  if (state.phase == RunPhase::ended) return ended_error(state.status);
  const auto step = context.workflow.find_step(command.step);
  if (!step) return {ErrorCode::not_found, "the run has no step \"" + command.step + '"'};
  Decider decider(state, context);
  const auto task = find_doubt(decider, *step, command.item);
  if (!task) return task.error();
  decider.emit(DoubtResolved{*task, command.resolution, command.comment, context.now});
  switch (command.resolution) {
    case Resolution::done: {
      Document outputs = command.outputs.present() ? command.outputs : Document("null");
      if (!task->compensation) context.evaluator.add_result(task->step, task->item, outputs);
      decider.emit(TaskCompleted{*task, context.now, kNever});
      decider.effect(KeepResult{*task, std::move(outputs)});
      break;
    }
    case Resolution::repeat: decider.dispatch(*task); break;
    case Resolution::failed: {
      const std::string why = command.comment.empty() ? std::string() : ": " + command.comment;
      decider.fail(*task, {ErrorCode::in_doubt, "it was in doubt, and someone decided that it failed" + why}, kNever);
      break;
    }
  }
  decider.advance();
  return decider.take();
}

}  // namespace troupe
