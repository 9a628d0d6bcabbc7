#include "troupe/domain/run.hpp"

#include <array>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

constexpr std::array<std::string_view, 6> kStatuses = {"pending", "running",   "success",
                                                       "failed",  "cancelled", "skipped"};
constexpr std::array<std::string_view, 8> kWaits = {"",         "timer",  "approval",    "signal",
                                                    "callback", "worker", "kill_switch", "concurrency"};

constexpr std::array<std::string_view, 3> kResolutions = {"done", "repeat", "failed"};

/// What a person must do is worth more than what comes by itself.
WaitingFor nearest_to_people(WaitingFor a, WaitingFor b) {
  for (WaitingFor wait : {WaitingFor::approval, WaitingFor::signal})
    if (a == wait || b == wait) return wait;
  return a == WaitingFor::nothing ? b : a;
}

double fraction_done(const StepState& step) {
  if (has_ended(step.status)) return 1.0;
  if (step.items == 0) return 0.0;
  return static_cast<double>(step.done.count() + step.failed.count()) / step.items;
}

}  // namespace

std::string_view status_text(Status status) { return kStatuses.at(static_cast<std::size_t>(status)); }

std::optional<Status> status_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kStatuses.size(); ++i)
    if (kStatuses[i] == text) return static_cast<Status>(i);
  return std::nullopt;
}

std::string_view waiting_text(WaitingFor waiting) { return kWaits.at(static_cast<std::size_t>(waiting)); }

std::string_view resolution_text(Resolution resolution) {
  return kResolutions.at(static_cast<std::size_t>(resolution));
}

std::optional<Resolution> resolution_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kResolutions.size(); ++i)
    if (kResolutions[i] == text) return static_cast<Resolution>(i);
  return std::nullopt;
}

double progress_of(const RunState& state) {
  if (state.steps.empty() || state.status == Status::success) return 1.0;
  double sum = 0;
  for (const StepState& step : state.steps) sum += fraction_done(step);
  return sum / static_cast<double>(state.steps.size());
}

bool pauses(StepType type, const LiveItem& item, Timestamp now) {
  if (item.phase != AttemptPhase::waiting) return false;
  return type == StepType::delay || (item.attempt > 1 && item.due > now);
}

WaitingFor waiting_for(const StepState& step, Timestamp now) {
  if (has_ended(step.status) || step.live.empty()) return WaitingFor::nothing;
  WaitingFor all = WaitingFor::timer;
  for (const LiveItem& item : step.live) {
    const bool signal = item.phase == AttemptPhase::awaiting && !item.signal.empty();
    const bool decision = item.phase == AttemptPhase::in_doubt || (item.phase == AttemptPhase::awaiting && !signal);
    if (!signal && !decision && !(item.phase == AttemptPhase::waiting && item.due > now)) return WaitingFor::nothing;
    if (signal || decision) all = nearest_to_people(all, decision ? WaitingFor::approval : WaitingFor::signal);
  }
  return all;
}

WaitingFor waiting_for(const RunState& state, Timestamp now) {
  if (state.phase == RunPhase::ended) return WaitingFor::nothing;
  if (state.held) return WaitingFor::concurrency;
  if (state.compensation) {
    if (state.compensation->phase == AttemptPhase::in_doubt) return WaitingFor::approval;
    const bool timer = state.compensation->phase == AttemptPhase::waiting && state.compensation->due > now;
    return timer ? WaitingFor::timer : WaitingFor::nothing;
  }
  WaitingFor all = WaitingFor::nothing;
  for (const StepState& step : state.steps) {
    if (step.live.empty()) continue;
    const WaitingFor one = waiting_for(step, now);
    if (one == WaitingFor::nothing) return WaitingFor::nothing;
    all = nearest_to_people(all, one);
  }
  return all;
}

Error ended_error(Status status) {
  return {ErrorCode::job_finished, "the job has ended already: " + std::string(status_text(status)), false, {}};
}

RunState make_run(RunId run, std::uint32_t number, const WorkflowDefinition& workflow, Timestamp accepted_at,
                  Millis timeout) {
  RunState state;
  state.run = run;
  state.number = number;
  state.accepted_at = accepted_at;
  state.deadline = accepted_at + timeout;
  state.steps.resize(workflow.steps.size());
  return state;
}

}  // namespace troupe
