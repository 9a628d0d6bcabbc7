#include "troupe/domain/run.hpp"

#include <array>
#include <bit>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

constexpr std::array<std::string_view, 6> kStatuses = {"pending", "running",   "success",
                                                       "failed",  "cancelled", "skipped"};
constexpr std::array<std::string_view, 8> kWaits = {"",         "timer",  "approval",    "signal",
                                                    "callback", "worker", "kill_switch", "concurrency"};

double fraction_done(const StepState& step) {
  if (has_ended(step.status)) return 1.0;
  if (step.items == 0) return 0.0;
  return static_cast<double>(step.done.count()) / step.items;
}

}  // namespace

std::string_view status_text(Status status) { return kStatuses.at(static_cast<std::size_t>(status)); }

std::optional<Status> status_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kStatuses.size(); ++i)
    if (kStatuses[i] == text) return static_cast<Status>(i);
  return std::nullopt;
}

std::string_view waiting_text(WaitingFor waiting) { return kWaits.at(static_cast<std::size_t>(waiting)); }

bool Bitmap::test(std::uint32_t bit) const {
  return bit / 8 < bytes_.size() && (bytes_[bit / 8] >> (bit % 8) & 1) != 0;
}

void Bitmap::set(std::uint32_t bit) {
  if (bytes_.size() <= bit / 8) bytes_.resize(bit / 8 + 1, 0);
  bytes_[bit / 8] = static_cast<std::uint8_t>(bytes_[bit / 8] | (1u << (bit % 8)));
}

std::uint32_t Bitmap::count() const {
  std::uint32_t total = 0;
  for (std::uint8_t byte : bytes_) total += static_cast<std::uint32_t>(std::popcount(byte));
  return total;
}

Bitmap Bitmap::from_bytes(std::vector<std::uint8_t> bytes) {
  while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
  Bitmap bitmap;
  bitmap.bytes_ = std::move(bytes);
  return bitmap;
}

double progress_of(const RunState& state) {
  if (state.steps.empty() || state.status == Status::success) return 1.0;
  double sum = 0;
  for (const StepState& step : state.steps) sum += fraction_done(step);
  return sum / static_cast<double>(state.steps.size());
}

WaitingFor waiting_for(const StepState& step, Timestamp now) {
  if (has_ended(step.status) || step.live.empty()) return WaitingFor::nothing;
  bool doubt = false;
  for (const LiveItem& item : step.live) {
    const bool timer = item.phase == AttemptPhase::waiting && item.due > now;
    if (item.phase == AttemptPhase::in_doubt)
      doubt = true;
    else if (!timer)
      return WaitingFor::nothing;
  }
  return doubt ? WaitingFor::approval : WaitingFor::timer;
}

WaitingFor waiting_for(const RunState& state, Timestamp now) {
  if (state.phase == RunPhase::ended) return WaitingFor::nothing;
  if (state.held) return WaitingFor::concurrency;
  if (state.compensation) {
    const bool timer = state.compensation->phase == AttemptPhase::waiting && state.compensation->due > now;
    return timer ? WaitingFor::timer : WaitingFor::nothing;
  }
  WaitingFor all = WaitingFor::nothing;
  for (const StepState& step : state.steps) {
    if (step.live.empty()) continue;
    const WaitingFor one = waiting_for(step, now);
    if (one == WaitingFor::nothing) return WaitingFor::nothing;
    if (all != WaitingFor::approval) all = one;  // what a person must do is worth more than a timer
  }
  return all;
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
