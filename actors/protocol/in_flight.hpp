// Counts what is on its way between actors, so that whoever stops the node can wait until nothing is.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

#include "troupe/base/clock.hpp"

namespace troupe {

class InFlight {
 public:
  /// One thing on its way; over when this is destroyed. Moves only. The counter outlives it.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(counter_, other.counter_);
      return *this;
    }
    ~Ticket() {
      if (counter_ != nullptr) counter_->give_back();
    }

   private:
    friend class InFlight;
    explicit Ticket(InFlight& counter) : counter_(&counter) {}
    InFlight* counter_ = nullptr;
  };

  Ticket take() {
    const std::lock_guard lock(mutex_);
    ++count_;
    return Ticket(*this);
  }

  /// False when the time is over first.
  bool wait_for_none(Millis time) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, time, [this] { return count_ == 0; });
  }

 private:
  void give_back() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

}  // namespace troupe
