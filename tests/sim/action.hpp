// Something that may happen in the simulated world at any time: a client asks, a machine fails.
//
// To add one: a file in actions/ that defines it, and a line in actions/all.cpp.
#pragma once

#include <vector>

namespace troupe::sim {

class World;

struct Action {
  const char* name;
  unsigned weight;  ///< how often it is drawn, beside the others'
  bool is_fault;    ///< drawn in the safety phase only, and not in an episode without faults
  void (*perform)(World& world);
};

const std::vector<Action>& all_actions();

}  // namespace troupe::sim
