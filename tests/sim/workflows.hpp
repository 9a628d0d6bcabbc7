// The workflows of an episode: drawn at random, with everything a definition can say that the simulator has a world
// for. Every expression is a plain path, so that no jq runs. A step is given what the steps before it gave, so that a
// checker sees whether it was.
#pragma once

#include <cstddef>
#include <string>

#include "sim/dice.hpp"

namespace troupe::sim {

inline constexpr std::size_t kWorkflows = 8;
std::string workflow_key(std::size_t which);

/// A definition as JSON text.
std::string draw_workflow(const std::string& key, Dice& dice);

/// How long a `delay` lasts that goes by the inputs: now and then so long that the run is parked.
std::string draw_wait(Dice& dice);

}  // namespace troupe::sim
