#include "actors/timer/timer_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/timer/timers.hpp"

namespace troupe {
namespace {

using Self = TimerActor::stateful_pointer<TimerState>;

void await(Self self, Timestamp due) {
  if (due == Timestamp::max()) return;
  const Millis wait = std::max(Millis(0), due - self->state.node->clock.now());
  self->delayed_send(self, wait, Tick{++self->state.generation});
}

}  // namespace

TimerActor::behavior_type timer_actor(Self self, NodeContext* node) {
  self->state.node = node;
  return {
      [=](EarlierTimer) { await(self, node->timers.awaited()); },
      [=](Tick tick) {
        if (tick.generation != self->state.generation) return;  // overtaken by an earlier one
        await(self, node->timers.fire(node->clock.now()));
      },
      [=](const Probe& probe) {
        ActorView view;
        view.waiting = node->timers.size();
        answer_probe(self, probe, std::move(view));
      },
  };
}

}  // namespace troupe
