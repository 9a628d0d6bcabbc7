#include "actors/run/run_timers.hpp"

namespace troupe {

std::vector<SetTimer> RunTimers::take_due(Timestamp now) {
  if (armed_) of_node_.forget(*std::exchange(armed_, std::nullopt));
  std::vector<SetTimer> due;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    due.push_back(timers_.begin()->second);
    timers_.erase(timers_.begin());
  }
  return due;
}

void RunTimers::arm(const RunActor& run) {
  if (timers_.empty()) return;
  const Timestamp due = timers_.begin()->first;
  if (armed_ && armed_->due <= due) return;
  if (armed_) of_node_.forget(*armed_);
  armed_ = of_node_.wake_at(due, run);
}

void RunTimers::clear() {
  timers_.clear();
  if (armed_) of_node_.forget(*std::exchange(armed_, std::nullopt));
}

}  // namespace troupe
