#include "sim/actions/keyed.hpp"

#include "sim/world.hpp"

namespace troupe::sim {

void ask_with_key(World& world, const std::function<void(const Key&)>& ask) {
  Dice& dice = world.dice();
  Key key;
  if (dice.chance(30)) key = world.clients().fresh_key();
  ask(key);
  if (!key) return;
  if (dice.chance(30)) ask(key);
  if (dice.chance(50)) world.after(dice.skewed(Millis(3'000)), [ask, key] { ask(key); });
}

void now_or_later(World& world, const std::function<void()>& ask) {
  if (world.dice().chance(50))
    ask();
  else
    world.after(world.dice().skewed(Millis(5'000)), ask);
}

KeptAnswer render_change(const JobChange& change) { return {202, to_string(change.run)}; }

}  // namespace troupe::sim
