#include <algorithm>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

/// Applies one event. Total: an event that names what does not exist changes nothing.
class Applier {
 public:
  Applier(RunState& state, const WorkflowDefinition& workflow) : state_(state), workflow_(workflow) {}

  void operator()(const RunStarted& e) { state_.deadline = e.deadline; }

  void operator()(const StepBegun& e) {
    StepState* step = find(e.step);
    if (step == nullptr) return;
    step->status = Status::running;
    step->items = e.items;
    if (is_delay(e.step)) begin(*step, e.at);  // nobody else will report that it began
    if (e.items == 0) succeed(*step, e.at);
  }

  void operator()(const StepSkipped& e) {
    if (StepState* step = find(e.step)) end(*step, Status::skipped, e.at);
  }

  void operator()(const ItemBegun& e) {
    StepState* step = find(e.step);
    if (step == nullptr) return;
    step->live.push_back({e.item, 1, AttemptPhase::waiting, e.due});
    step->next = e.item + 1;
  }

  void operator()(const TaskStarted& e) {
    StepState* step = find(e.task.step);
    LiveItem* live = find_live(e.task);
    if (step == nullptr || live == nullptr) return;
    live->phase = AttemptPhase::started;
    live->due = e.deadline;
    begin(*step, e.at);
  }

  void operator()(const TaskCompleted& e) {
    StepState* step = find(e.task.step);
    if (step == nullptr) return;
    state_.barren_recoveries = 0;
    if (e.task.compensation) {
      step->compensated.set(e.task.item);
      state_.compensation.reset();
      return;
    }
    begin(*step, e.started_at == kNever ? e.at : e.started_at);
    remove_live(*step, e.task.item);
    step->done.set(e.task.item);
    if (step->status == Status::running && step->done.count() == step->items)
      succeed(*step, e.at);
    else
      settle(*step, e.at);
  }

  void operator()(const TaskRetried& e) {
    LiveItem* live = find_live(e.task);
    if (live == nullptr) return;
    live->attempt = static_cast<AttemptNumber>(e.task.attempt + 1);
    live->phase = AttemptPhase::waiting;
    live->due = e.due;
    if (StepState* step = find(e.task.step); step != nullptr && !e.task.compensation)
      begin(*step, e.started_at == kNever ? e.at : e.started_at);
  }

  void operator()(const TaskFailed& e) {
    StepState* step = find(e.task.step);
    if (step == nullptr) return;
    if (e.task.compensation) {  // it was tried as often as the policy allows: the trail tells, the others go on
      step->compensated.set(e.task.item);
      state_.compensation.reset();
      return;
    }
    begin(*step, e.started_at == kNever ? e.at : e.started_at);
    remove_live(*step, e.task.item);
    if (!step->error) step->error = e.error;
    end(*step, Status::failed, e.at);
  }

  void operator()(const TaskCancelled& e) {
    StepState* step = find(e.task.step);
    if (step == nullptr || e.task.compensation) return;
    remove_live(*step, e.task.item);
    settle(*step, e.at);
  }

  void operator()(const StepFailed& e) {
    StepState* step = find(e.step);
    if (step == nullptr) return;
    step->error = e.error;
    end(*step, Status::failed, e.at);
  }

  void operator()(const RunHeld&) { state_.held = true; }
  void operator()(const RunAdmitted&) { state_.held = false; }

  void operator()(const RunStopping& e) {
    state_.held = false;
    state_.phase = RunPhase::stopping;
    state_.verdict = e.verdict;
    if (!state_.error) state_.error = e.error;
    for (StepState& step : state_.steps) settle(step, e.at);
  }

  void operator()(const CompensationBegun& e) {
    state_.phase = RunPhase::compensating;
    state_.compensation_step = e.step;
    state_.compensation = LiveItem{e.item, 1, AttemptPhase::waiting, e.at};
  }

  void operator()(const RunRecovered& e) {
    ++state_.epoch;
    ++state_.barren_recoveries;
    for (std::size_t i = 0; i < state_.steps.size(); ++i)
      for (LiveItem& item : state_.steps[i].live) lose(item, workflow_.steps[i].idempotent, e.at);
    if (state_.compensation) lose(*state_.compensation, true, e.at);
  }

  void operator()(const RunEnded& e) {
    state_.phase = RunPhase::ended;
    state_.status = e.status;
    state_.verdict = e.status;
    state_.ended_at = e.at;
    state_.compensation.reset();
    if (state_.started_at == kNever) state_.started_at = e.at;
  }

 private:
  StepState* find(StepIndex step) { return step < state_.steps.size() ? &state_.steps[step] : nullptr; }

  LiveItem* find_live(const TaskKey& task) {
    if (task.compensation) return state_.compensation ? &*state_.compensation : nullptr;
    StepState* step = find(task.step);
    if (step == nullptr) return nullptr;
    for (LiveItem& item : step->live)
      if (item.item == task.item) return &item;
    return nullptr;
  }

  bool is_delay(StepIndex step) const { return workflow_.steps[step].type == StepType::delay; }

  static void remove_live(StepState& step, ItemIndex item) {
    std::erase_if(step.live, [&](const LiveItem& live) { return live.item == item; });
  }

  /// The first sign that a step, and with it the run, is being worked on.
  void begin(StepState& step, Timestamp at) {
    if (step.started_at == kNever || at < step.started_at) step.started_at = at;
    if (state_.started_at == kNever || at < state_.started_at) state_.started_at = at;
    if (state_.status == Status::pending) state_.status = Status::running;
  }

  static void end(StepState& step, Status status, Timestamp at) {
    step.status = status;
    step.ended_at = at;
  }

  void succeed(StepState& step, Timestamp at) {
    end(step, Status::success, at);
    step.order = ++state_.steps_succeeded;
  }

  /// Once the run is stopping, a step that has nothing live any more and did not end by itself was cancelled.
  void settle(StepState& step, Timestamp at) {
    if (state_.phase != RunPhase::forward && !has_ended(step.status) && step.live.empty())
      end(step, Status::cancelled, at);
  }

  static void lose(LiveItem& item, bool idempotent, Timestamp at) {
    if (item.phase != AttemptPhase::started) return;
    item.phase = idempotent ? AttemptPhase::waiting : AttemptPhase::in_doubt;
    item.due = at;
  }

  RunState& state_;
  const WorkflowDefinition& workflow_;
};

}  // namespace

void apply(RunState& state, const Event& event, const WorkflowDefinition& workflow) {
  TROUPE_ASSERT(state.steps.size() == workflow.steps.size(), "a run and its definition have the same steps");
  std::visit(Applier(state, workflow), event);
}

}  // namespace troupe
