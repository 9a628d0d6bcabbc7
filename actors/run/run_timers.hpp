// What one run waits for by the clock. The node's Timers know the earliest of it, and wake the run then.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "actors/timer/timers.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

/// Of an attempt? The `task` of the others names their run, or their step, and no attempt of it.
inline bool is_of_attempt(const SetTimer& timer) {
  return timer.kind != TimerKind::run_deadline && timer.kind != TimerKind::step_deadline;
}

class RunTimers {
 public:
  explicit RunTimers(Timers& of_node) : of_node_(of_node) {}
  ~RunTimers() { clear(); }
  RunTimers(const RunTimers&) = delete;
  RunTimers& operator=(const RunTimers&) = delete;

  void set(const SetTimer& timer) { timers_.emplace(timer.due, timer); }
  /// Takes out those that are due, the earliest first; whoever was woken for them arms the rest.
  std::vector<SetTimer> take_due(Timestamp now);
  /// The run is to be woken for the earliest of them.
  void arm(const RunActor& run);
  void clear();

  template <class Predicate>
  void drop_if(Predicate predicate) {
    std::erase_if(timers_, [&](const auto& timer) { return predicate(timer.second); });
  }
  /// So many that it is worth a look which of them are of attempts that have ended: these come to nothing, and may be
  /// due in a month.
  bool is_crowded() const { return timers_.size() >= most_; }
  template <class Predicate>
  void thin_out(Predicate is_idle) {
    drop_if(is_idle);
    most_ = std::max(kFew, 2 * timers_.size());
  }

 private:
  static constexpr std::size_t kFew = 64;

  Timers& of_node_;
  std::multimap<Timestamp, SetTimer> timers_;
  std::size_t most_ = kFew;
  std::optional<Timers::Key> armed_;
};

}  // namespace troupe
