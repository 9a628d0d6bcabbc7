// Processes are killed, or stopped in order; a second node takes the shards while the first still runs, clocks leap.
#include "sim/actions/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void start_if_there_is_none(World& world) {
  world.after(Millis(0), [&world] {
    if (world.nodes() == 0) world.start_node();
  });
}

/// It is started again when whoever runs it notices, or at once.
void kill(World& world) {
  Host* node = world.node();
  if (node == nullptr) return;
  world.kill(*node);
  if (world.dice().chance(50)) start_if_there_is_none(world);
}

/// As one that is replaced by a newer version: now and then that one does not wait until it has stopped.
void stop(World& world) {
  Host* node = world.node();
  if (node == nullptr) return;
  Dice& dice = world.dice();
  world.stop(*node, dice.chance(50) ? dice.skewed(Millis(20'000)) : dice.between(Millis(0), Millis(20'000)));
  if (!dice.chance(20)) return;
  world.after(dice.skewed(Millis(10'000)), [&world] {
    if (world.nodes() == 1) world.start_node();
  });
}

void take_over(World& world) {
  Host* old = world.node();
  if (old == nullptr || world.nodes() != 1) return;
  const LifePtr life = old->life();
  world.start_node();
  world.after(world.dice().skewed(Millis(20'000)), [&world, life] { world.kill_life(life); });
}

void leap_clock(World& world) {
  Host* node = world.node();
  if (node == nullptr) return;
  world.saw("clock set");
  const Millis far = world.dice().skewed(Millis(30'000));
  node->life()->clock_was_set = true;
  node->life()->clock_offset += world.dice().chance(50) ? far : -far;
}

}  // namespace

const Action kKill{"kill", 2, true, kill};
const Action kStop{"stop", 2, false, stop};
const Action kTakeOver{"take over", 1, true, take_over};
const Action kLeapClock{"set the clock", 2, true, leap_clock};

}  // namespace troupe::sim
