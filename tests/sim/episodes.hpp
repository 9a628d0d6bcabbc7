// One seed after another, each a world of its own, until the time is over or a rule is broken.
#pragma once

#include "sim/world.hpp"

namespace troupe::sim {

struct Plan {
  std::uint64_t first_seed = 1;
  double seconds = 10;       ///< of this machine's time
  std::size_t episodes = 0;  ///< instead of seconds, where it is not 0
  Settings settings;
};

/// Plays and prints. False: a rule was broken, and what repeats it was printed.
bool run_episodes(const Plan& plan);

/// One episode; should the process be aborted in it, its seed and last lines are printed.
Report play_episode(const Settings& settings);

/// What a person needs of a broken rule.
std::string describe(const Settings& settings, const Report& report);

}  // namespace troupe::sim
