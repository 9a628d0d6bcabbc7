// What is due when: wakes runs, and calls functions. Shared by all actors, because most of it is never due: the many
// five-minute deadlines of short runs are set and forgotten, and cost no message. The timer actor fires what is due.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "actors/protocol/interfaces.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

class Timers {
 public:
  /// Names what was set.
  struct Key {
    Timestamp due;
    std::uint64_t number = 0;
    auto operator<=>(const Key&) const = default;
  };

  /// Sends Wake to the run then, if it is still there: the timer keeps nobody alive.
  Key wake_at(Timestamp due, const RunActor& run);
  /// Calls the function then, on the timer's thread; it must not block.
  Key call_at(Timestamp due, std::function<void()> function);
  /// Nothing happens if it was fired already.
  void forget(const Key& key);

  /// Fires what is due. Gives the time when to do so again; Timestamp::max(): nothing is set.
  Timestamp fire(Timestamp now);
  /// When to call `fire`: what it gave, or the earlier time of what was set since.
  Timestamp awaited();
  /// Is called, on any thread, when `awaited` has become earlier. Set once, before anything is due.
  void on_earlier(std::function<void()> earlier);
  /// How many are set.
  std::size_t size();
  /// At the end: nothing is fired any more.
  void clear();

 private:
  struct Entry {
    caf::weak_actor_ptr run;  ///< none: a function
    std::function<void()> function;
  };
  Key add(Timestamp due, Entry entry);

  std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::uint64_t number_ = 0;
  Timestamp awaited_ = Timestamp::max();
  std::function<void()> earlier_;
};

}  // namespace troupe
