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
    const StepDefinition& definition = workflow_.steps[e.step];
    if (definition.total_timeout > Millis(0)) step->deadline = e.at + definition.total_timeout;
    if (needs_no_worker(definition.type)) begin(*step, e.at);  // nobody else will report that it began
    if (e.items == 0) succeed(*step, e.at);
  }

  void operator()(const StepSkipped& e) {
    if (StepState* step = find(e.step)) end(*step, Status::skipped, e.at);
  }

  void operator()(const ItemBegun& e) {
    StepState* step = find(e.step);
    if (step == nullptr) return;
    const bool awaits = waits_for_message(workflow_.steps[e.step].type);
    step->live.push_back({e.item, 1, awaits ? AttemptPhase::awaiting : AttemptPhase::waiting, e.due, e.signal});
    step->next = e.item + 1;
    if (e.approval) state_.approvals.push_back(*e.approval);
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
    complete(*step, e.task, e.at);
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
    if (e.task.compensation) {  // it was tried as often as the policy allows; the others go on
      step->compensated.set(e.task.item);
      state_.compensation.reset();
      note_not_undone(e);
      return;
    }
    begin(*step, e.started_at == kNever ? e.at : e.started_at);
    remove_live(*step, e.task);
    if (workflow_.steps[e.task.step].collects_failures()) {
      step->failed.set(e.task.item);
      return end_if_complete(*step, e.at);
    }
    if (!step->error) step->error = e.error;
    end(*step, Status::failed, e.at);
  }

  void operator()(const TaskCancelled& e) {
    StepState* step = find(e.task.step);
    if (step == nullptr || e.task.compensation) return;
    if (e.started_at != kNever) begin(*step, e.started_at);
    remove_live(*step, e.task);
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
    state_.paused_at = kNever;
    if (!state_.error) state_.error = e.error;
    for (StepState& step : state_.steps) settle(step, e.at);
  }

  void operator()(const CompensationBegun& e) {
    state_.phase = RunPhase::compensating;
    state_.compensation_step = e.step;
    state_.compensation = LiveItem{e.item, 1, AttemptPhase::waiting, e.at};
  }

  void operator()(const RunRecovered& e) {
    if (!e.handed_back && !waits_for_jobs_only(e.at)) ++state_.barren_recoveries;
    ++state_.epoch;
    for (std::size_t i = 0; i < state_.steps.size(); ++i)
      for (LiveItem& item : state_.steps[i].live) lose(item, workflow_.steps[i].may_be_repeated(false), e.at);
    if (state_.compensation)
      lose(*state_.compensation, workflow_.steps[state_.compensation_step].may_be_repeated(true), e.at);
  }

  void operator()(const RunEnded& e) {
    state_.phase = RunPhase::ended;
    state_.status = e.status;
    state_.verdict = e.status;
    state_.ended_at = e.at;
    state_.paused_at = kNever;
    if (e.error) state_.error = e.error;
    state_.compensation.reset();
    state_.signals.clear();
    if (state_.started_at == kNever) state_.started_at = e.at;
  }

  void operator()(const SignalReceived& e) {
    state_.signals_received = e.ordinal;
    state_.signals.push_back({e.ordinal, e.name});
  }

  void operator()(const SignalTaken& e) {
    std::erase_if(state_.signals, [&](const RunState::Signal& signal) { return signal.ordinal == e.ordinal; });
    StepState* step = find(e.task.step);
    if (step == nullptr) return;
    state_.barren_recoveries = 0;
    complete(*step, e.task, e.at);
  }

  void operator()(const AssetReviewed& e) {
    for (const AssetReviewed::Place& place : e.places)
      for (ApprovalState& approval : state_.approvals)
        if (approval.step == place.step && approval.item == place.item) approval.count(place.index, e.approved);
  }

  void operator()(const DoubtResolved& e) {
    LiveItem* live = find_live(e.task);
    if (live == nullptr || e.resolution != Resolution::repeat) return;
    live->phase = AttemptPhase::waiting;
    live->due = e.at;
  }

  void operator()(const RunPaused& e) { state_.paused_at = e.at; }

  void operator()(const RunResumed& e) {
    state_.paused_at = kNever;
    state_.deadline = e.deadline;
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

  void remove_live(StepState& step, const TaskKey& task) {
    std::erase_if(step.live, [&](const LiveItem& live) { return live.item == task.item; });
    std::erase_if(state_.approvals, [&](const ApprovalState& approval) {
      return approval.step == task.step && approval.item == task.item;
    });
  }

  /// Nothing of the run may have crashed the node but jobs of their own, which are counted by themselves.
  bool waits_for_jobs_only(Timestamp at) const {
    bool waits = false;
    const auto is_other = [&](StepType type, const LiveItem& item) {
      if (item.phase == AttemptPhase::in_doubt || needs_no_worker(type)) return false;
      if (pauses(type, item, at)) return false;
      waits = true;
      return type != StepType::workflow;
    };
    for (std::size_t i = 0; i < state_.steps.size(); ++i)
      for (const LiveItem& item : state_.steps[i].live)
        if (is_other(workflow_.steps[i].type, item)) return false;
    if (state_.compensation) {
      const auto& undoing = workflow_.steps[state_.compensation_step].compensate;
      if (!undoing || is_other(undoing->type, *state_.compensation)) return false;
    }
    return waits;
  }

  void complete(StepState& step, const TaskKey& task, Timestamp at) {
    remove_live(step, task);
    step.done.set(task.item);
    end_if_complete(step, at);
  }

  void end_if_complete(StepState& step, Timestamp at) {
    if (step.status == Status::running && step.done.count() + step.failed.count() == step.items)
      succeed(step, at);
    else
      settle(step, at);
  }

  void note_not_undone(const TaskFailed& e) {
    ++state_.undoings_failed;
    if (state_.not_undone.size() >= limits::kNotUndoneShown) return;
    constexpr std::size_t kShownChars = 200;
    const StepDefinition& step = workflow_.steps[e.task.step];
    std::string what = "step \"" + step.name + '"';
    if (!step.for_each.empty()) what += ", item " + std::to_string(e.task.item);
    what += ": " + std::string(code_text(e.error.code)) + ": " + e.error.message.substr(0, kShownChars);
    state_.not_undone.push_back({"/steps/" + std::to_string(e.task.step) + "/compensate", std::move(what)});
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

  static void lose(LiveItem& item, bool may_be_repeated, Timestamp at) {
    if (item.phase != AttemptPhase::started) return;
    item.phase = may_be_repeated ? AttemptPhase::waiting : AttemptPhase::in_doubt;
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
