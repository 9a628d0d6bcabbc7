// Which of those who waited in line are still served: CoDel (RFC 8289) in the form that servers use.
//
// A burst is served, however long its last one waits. A line that stands is not: where even the shortest wait of a
// whole interval was above the target, those who waited more than twice the target are refused, until some intervals in
// a row have seen a short wait. So what is served under overload has waited for a bounded time. A few who are all late
// are no line: then the machine is slow.
#pragma once

#include <algorithm>
#include <utility>

#include "troupe/base/time.hpp"

namespace troupe::ingress {

/// Of one thread. Times are of a monotonic clock.
class ControlledDelay {
 public:
  ControlledDelay(Millis target, Millis interval) : target_(target), interval_(interval) {}

  /// The turn of one who has waited so long. Serve it?
  bool admits(Millis waited, Millis now) {
    if (now >= interval_end_) {
      // Nobody came for a whole interval: nobody waited.
      const bool stands = now - interval_end_ < interval_ && came_ >= kMany && shortest_ > target_;
      calm_ = stands ? 0 : calm_ + 1;
      overloaded_ = stands || (overloaded_ && calm_ < kCalm);
      interval_end_ = now + interval_;
      shortest_ = Millis::max();
      came_ = 0;
    }
    ++came_;
    shortest_ = std::min(shortest_, waited);
    return !overloaded_ || waited <= 2 * target_;
  }

 private:
  static constexpr int kMany = 50;
  static constexpr int kCalm = 10;  ///< so many after a line, it is over: the next may form at once

  const Millis target_, interval_;
  Millis interval_end_{0};
  Millis shortest_ = Millis::max();
  int came_ = 0;  ///< in this interval
  int calm_ = 0;  ///< intervals without a line, in a row
  bool overloaded_ = false;
};

}  // namespace troupe::ingress
