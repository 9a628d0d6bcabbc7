#include "actors/timer/timer_actor.hpp"

#include <algorithm>

namespace troupe {
namespace {

using Self = TimerActor::stateful_pointer<TimerState>;

void forget(TimerState& state, const RunId& run) {
  const auto found = state.by_run.find(run);
  if (found == state.by_run.end()) return;
  state.queue.erase(found->second);
  state.by_run.erase(found);
}

void arm(Self self) {
  TimerState& state = self->state;
  if (state.queue.empty()) return;
  const Timestamp due = state.queue.begin()->first;
  if (due >= state.armed) return;
  state.armed = due;
  const Millis wait = std::max(Millis(0), due - state.node->clock.now());
  self->delayed_send(self, wait, Tick{++state.generation});
}

void fire_due(Self self) {
  TimerState& state = self->state;
  const Timestamp now = state.node->clock.now();
  while (!state.queue.empty() && state.queue.begin()->first <= now) {
    TimerState::Entry entry = std::move(state.queue.begin()->second);
    state.queue.erase(state.queue.begin());
    if (entry.function) {
      entry.function();
    } else {
      state.by_run.erase(entry.run);
      self->send(entry.actor, Wake{});
    }
  }
}

}  // namespace

TimerActor::behavior_type timer_actor(Self self, NodeContext* node) {
  self->state.node = node;
  return {
      [=](const WakeAt& wake) {
        forget(self->state, wake.run);
        self->state.by_run[wake.run] = self->state.queue.emplace(wake.due, TimerState::Entry{wake.run, wake.actor, {}});
        arm(self);
      },
      [=](const ForgetWake& wake) { forget(self->state, wake.run); },
      [=](const CallAt& call) {
        self->state.queue.emplace(call.due, TimerState::Entry{{}, {}, call.function});
        arm(self);
      },
      [=](Tick tick) {
        if (tick.generation != self->state.generation) return;  // overtaken by an earlier one
        self->state.armed = Timestamp::max();
        fire_due(self);
        arm(self);
      },
  };
}

}  // namespace troupe
