// Fires what is due of the node's Timers. One CAF timer at a time, with a generation: CAF's cannot be cancelled.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

struct TimerState {
  NodeContext* node = nullptr;
  std::uint64_t generation = 0;
  static inline const char* name = "timer";
};

TimerActor::behavior_type timer_actor(TimerActor::stateful_pointer<TimerState> self, NodeContext* node);

}  // namespace troupe
