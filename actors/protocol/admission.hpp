// Whether new jobs may come in: the credit that the node gives to the ingress.
//
// A job arrives from its submit until its first steps are dispatched, and done where they are instant: decided,
// committed, adopted, perhaps committed again. How long that takes tells of every queue on the way, for the store as
// for a thread. A burst is let through: what waits is bounded by a count elsewhere. What is not let stand is a queue:
// where for a whole interval no job arrived within the target, only as many may be on the way as do arrive within it
// (Little's law); from then on the limit follows their mean time, and is lifted when they have little to wait for.
// After CoDel (RFC 8289), with a limit in place of drops, since what is committed cannot be dropped.
//
// The target goes by the store: a disk that takes 50 ms for the smallest commit is slow, not overloaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>

#include "troupe/base/clock.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Thread-safe. Times are of a monotonic clock.
class Admission {
 public:
  /// May be on the way while no queue stands. A burst that becomes a queue is noticed only after an interval: at 18,000
  /// jobs/s this many take 57 ms, and without a bound it was 150 to 190.
  static constexpr std::size_t kMost = 4 * limits::kArrivalsFree;

  /// A job wants to come in. True: it is on the way until `arrived` or `turned_back`.
  bool admits(Millis now) {
    const std::lock_guard lock(mutex_);
    if (on_the_way_ == 0 && now - interval_end_ > kForgotten) limit_ = kMost;
    if (on_the_way_ == 0 && limit_ == kMost) begin_interval(now);  // a queue that begins now is none that stands
    if (now >= interval_end_) judge(now);
    if (on_the_way_ >= limit_) return false;
    ++on_the_way_;
    return true;
  }

  /// It has arrived, so long after it was admitted.
  void arrived(Millis took) {
    const std::lock_guard lock(mutex_);
    --on_the_way_;
    ++arrived_;
    took_ += took;
    shortest_ = std::min(shortest_, took);
  }

  /// Nothing came of it.
  void turned_back() {
    const std::lock_guard lock(mutex_);
    --on_the_way_;
  }

  /// A commit took so long.
  void committed(Millis took, Millis now) {
    const std::lock_guard lock(mutex_);
    if (now - window_begin_ > kWindow) {
      fastest_before_ = std::exchange(fastest_, Millis::max());
      window_begin_ = now;
    }
    fastest_ = std::min(fastest_, took);
  }

 private:
  static constexpr Millis kWindow{10'000};    ///< within one or two of which the fastest commit is looked for
  static constexpr Millis kForgotten{1'000};  ///< after so long without anybody, a limit is lifted
  static constexpr int kTimesFastest = 6;     ///< half a commit for its turn, its own, and as much again for the rest

  Millis target() const { return std::max(limits::kArrival, kTimesFastest * std::min(fastest_, fastest_before_)); }

  void judge(Millis now) {
    // The best of the last intervals, so that one in which the disk stood still does not close the door.
    usual_ = std::max(arrived_, usual_ - usual_ / 8);
    if (shortest_ > target() && on_the_way_ >= limits::kArrivalsFree)
      limit_ = std::clamp(usual_ * target() / interval_, limits::kArrivalsFree, kMost);
    else if (limit_ != kMost)
      adjust();
    begin_interval(now);
  }

  /// Under a limit it is the usual job that has to be in time, not the luckiest.
  void adjust() {
    const Millis mean = arrived_ > 0 ? took_ / static_cast<Millis::rep>(arrived_) : Millis(0);
    if (mean > target())
      limit_ = std::max(limits::kArrivalsFree, limit_ - limit_ / 8);
    else if (mean <= target() / 2)
      limit_ = std::min(kMost, limit_ + limit_ / 8);
  }

  void begin_interval(Millis now) {
    // In a shorter one than the target nobody could have arrived. (Before the first commit it is not known.)
    const Millis before = std::exchange(interval_, std::clamp(target(), limits::kArrivalInterval, kForgotten));
    usual_ = usual_ * static_cast<std::size_t>(interval_.count()) / static_cast<std::size_t>(before.count());
    interval_end_ = now + interval_;
    shortest_ = Millis::max();
    took_ = Millis(0);
    arrived_ = 0;
  }

  std::mutex mutex_;
  std::size_t on_the_way_ = 0, limit_ = kMost;
  Millis interval_ = limits::kArrivalInterval, interval_end_{0};
  // in this interval:
  Millis shortest_ = Millis::max();
  Millis took_{0};  ///< all of them together
  std::size_t arrived_ = 0;

  std::size_t usual_ = 0;  ///< arrive in an interval
  Millis window_begin_{0};
  Millis fastest_ = kWindow, fastest_before_ = kWindow;  ///< commits
};

/// An admitted job on its way.
class Arrival {
 public:
  Arrival() = default;
  Arrival(Admission& admission, Clock& clock)
      : admission_(&admission), clock_(&clock), admitted_at_(clock.monotonic()) {}
  Arrival(Arrival&& other) noexcept
      : admission_(std::exchange(other.admission_, nullptr)), clock_(other.clock_), admitted_at_(other.admitted_at_) {}
  Arrival& operator=(Arrival&& other) noexcept {
    std::swap(admission_, other.admission_);
    std::swap(clock_, other.clock_);
    std::swap(admitted_at_, other.admitted_at_);
    return *this;
  }
  ~Arrival() {
    if (admission_) admission_->turned_back();
  }

  void complete() {
    if (admission_) std::exchange(admission_, nullptr)->arrived(clock_->monotonic() - admitted_at_);
  }

 private:
  Admission* admission_ = nullptr;
  Clock* clock_ = nullptr;
  Millis admitted_at_{0};
};

}  // namespace troupe
