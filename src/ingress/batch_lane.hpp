// The one way of all batches of jobs to the core: groups of jobs in the order they came, a few at a time. How many is
// found out: more while their answers come quickly, fewer when they do not, because those who submit single jobs wait
// in the same queue.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "ingress/work_thread.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {

/// Thread-safe. `Answered` is called once, when the group's answers are there; it must not outlive the lane.
class BatchLane {
 public:
  using Clock = std::chrono::steady_clock;
  using Answered = std::function<void()>;
  using Group = std::function<void(Answered)>;

  explicit BatchLane(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}

  /// Runs the group on the lane's thread when its turn comes.
  void submit(Group group) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(group));
    start_next();
  }

  /// Batches under way. It may outlive the lane.
  const std::shared_ptr<std::atomic<std::size_t>>& open() const { return open_; }
  std::size_t window() const {
    const std::lock_guard lock(mutex_);
    return window_;
  }

 private:
  static constexpr std::size_t kWindowMax = 16;  ///< groups in flight

  void start_next() {
    while (in_flight_ < window_ && !waiting_.empty()) {
      ++in_flight_;
      thread_.run(
          [this, group = std::move(waiting_.front())] { group([this, since = now_()] { answered(now_() - since); }); });
      waiting_.pop_front();
    }
  }

  void answered(Clock::duration took) {
    const std::lock_guard lock(mutex_);
    if (took > limits::kArrival)
      window_ = std::max<std::size_t>(1, window_ / 2);
    else if (took < limits::kArrival / 2 && !waiting_.empty())
      window_ = std::min(kWindowMax, window_ + 1);
    --in_flight_;
    start_next();
  }

  const std::function<Clock::time_point()> now_;
  const std::shared_ptr<std::atomic<std::size_t>> open_ = std::make_shared<std::atomic<std::size_t>>(0);
  mutable std::mutex mutex_;
  std::deque<Group> waiting_;
  std::size_t in_flight_ = 0, window_ = 2;
  WorkThread thread_;  // last: it uses all of the above
};

}  // namespace troupe::ingress
