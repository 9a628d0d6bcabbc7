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

constexpr std::array<std::string_view, 4> kExpiries = {"fail", "approve", "reject", "skip"};

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

std::string_view on_expiry_text(OnExpiry on_expiry) { return kExpiries.at(static_cast<std::size_t>(on_expiry)); }

std::optional<OnExpiry> on_expiry_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kExpiries.size(); ++i)
    if (kExpiries[i] == text) return static_cast<OnExpiry>(i);
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

Bitmap ApprovalState::approved() const {
  Bitmap approved;
  if (approvals.size() < terms.min_approvers) return approved;
  for (std::uint32_t i = 0; i < terms.assets; ++i)
    if (approvals[terms.min_approvers - 1].test(i) && !rejected.test(i)) approved.set(i);
  return approved;
}

double progress_of(const RunState& state) {
  if (state.steps.empty() || state.status == Status::success) return 1.0;
  double sum = 0;
  for (const StepState& step : state.steps) sum += fraction_done(step);
  return sum / static_cast<double>(state.steps.size());
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
  if (state.compensation) {
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
