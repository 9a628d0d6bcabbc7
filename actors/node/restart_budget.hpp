// How often something that dies is started again: so many times within a window, after pauses that grow; then it is
// left alone for as long as the window, and tried again.
#pragma once

#include <cstddef>
#include <deque>

#include "troupe/base/time.hpp"

namespace troupe {

class RestartBudget {
 public:
  static constexpr std::size_t kMost = 5;
  static constexpr Millis kWindow{60'000};
  static constexpr Millis kPauseFirst{200};  ///< doubles with each restart in the window

  struct Verdict {
    Millis pause{0};
    bool given_up = false;
  };

  /// It died now: when to start it again.
  Verdict died(Timestamp now) {
    forget_before(now - kWindow);
    if (deaths_.size() == kMost) return {kWindow, true};
    deaths_.push_back(now);
    return {kPauseFirst * (1 << (deaths_.size() - 1)), false};
  }

  std::size_t in_window(Timestamp now) {
    forget_before(now - kWindow);
    return deaths_.size();
  }

 private:
  void forget_before(Timestamp time) {
    while (!deaths_.empty() && deaths_.front() <= time) deaths_.pop_front();
  }

  std::deque<Timestamp> deaths_;  ///< that were answered with a restart
};

}  // namespace troupe
