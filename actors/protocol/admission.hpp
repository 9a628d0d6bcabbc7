// Whether new jobs may join what waits for the store: the credit that persistence gives to the ingress.
//
// A burst is let through: what waits is bounded by a count elsewhere. What is not let stand is a queue: when for a
// whole interval no batch was committed in time, so that whoever joins the queue would wait as long, new jobs are
// refused until one is (the idea is CoDel's, RFC 8289). This watches the queue for the store only, not the sockets that
// wait to be read or the runs that wait for a thread. What is in time goes by the store: a disk that takes 50 ms for
// the smallest commit is slow, not overloaded.
#pragma once

#include <algorithm>
#include <mutex>
#include <utility>

#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Thread-safe. Times are of a monotonic clock.
class Admission {
 public:
  /// A commit took so long; the oldest of its changes had waited for `waited` when it was done.
  void committed(Millis took, Millis waited, Millis now) {
    const std::lock_guard lock(mutex_);
    if (now - window_begin_ > kWindow) {
      fastest_before_ = std::exchange(fastest_, Millis::max());
      window_begin_ = now;
    }
    fastest_ = std::min(fastest_, took);
    const Millis usual = kTimesFastest * std::min(fastest_, fastest_before_);
    if (waited <= std::max(limits::kCommitWait, usual)) in_time_ = now;
  }

  /// `waiting`: changes that wait for a commit now. A few are always let in, so that there is a batch to learn from.
  bool admits(std::size_t waiting, Millis now) {
    const std::lock_guard lock(mutex_);
    if (waiting == 0) in_time_ = now;  // a queue that begins now is none that stands
    return waiting < limits::kCommitWaitFree || now - in_time_ <= limits::kCommitWaitInterval;
  }

 private:
  static constexpr Millis kWindow{10'000};  ///< within one or two of which the fastest commit is looked for
  static constexpr int kTimesFastest = 4;

  std::mutex mutex_;
  Millis in_time_{0};  ///< when a batch was last committed in time
  Millis window_begin_{0};
  Millis fastest_ = kWindow, fastest_before_ = kWindow;
};

}  // namespace troupe
