// The requests that wait for a run to end (`Prefer: wait`), so that a stopping node can answer them. Thread-safe.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <utility>

namespace troupe {

class Waits {
 public:
  using Place = std::list<std::function<void()>>::iterator;

  /// `end` ends one wait; it may be called after remove(), and must not call back into this.
  Place add(std::function<void()> end) {
    const std::lock_guard lock(mutex_);
    return ends_.insert(ends_.end(), std::move(end));
  }
  void remove(Place place) {
    const std::lock_guard lock(mutex_);
    ends_.erase(place);
  }
  void end_all() {
    std::list<std::function<void()>> ends;
    {
      const std::lock_guard lock(mutex_);
      ends = ends_;
    }
    for (const auto& end : ends) end();
  }

 private:
  std::mutex mutex_;
  std::list<std::function<void()>> ends_;
};

}  // namespace troupe
