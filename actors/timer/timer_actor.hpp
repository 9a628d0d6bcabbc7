// Wakes runs, and calls functions, at a point in time.
//
// One entry a run: a run arms only its earliest timer, and disarms it when it ends; so the many five-minute deadlines
// of short runs cost nothing afterwards. One CAF timer at a time, with a generation: CAF's cannot be cancelled.
#pragma once

#include <map>
#include <unordered_map>
#include <variant>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

struct TimerState {
  struct Entry {
    RunId run;  ///< nil for a function
    RunActor actor;
    std::function<void()> function;
  };
  using Queue = std::multimap<Timestamp, Entry>;

  NodeContext* node = nullptr;
  Queue queue;
  std::unordered_map<RunId, Queue::iterator> by_run;
  std::uint64_t generation = 0;
  Timestamp armed = Timestamp::max();
  static inline const char* name = "timer";
};

TimerActor::behavior_type timer_actor(TimerActor::stateful_pointer<TimerState> self, NodeContext* node);

}  // namespace troupe
