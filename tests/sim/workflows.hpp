// The workflows of an episode: drawn at random, with everything a definition can say that the simulator has a world
// for. Every expression is a plain path, so that no jq runs. A step is given what the steps before it gave, so that a
// checker sees whether it was.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/dice.hpp"
#include "troupe/domain/rate_limit.hpp"

namespace troupe::sim {

inline constexpr std::size_t kWorkflows = 8;
std::string workflow_key(std::size_t which);
/// May it be the work of a step? Such a one calls no other.
bool may_be_called(const std::string& key);

/// Of a workflow: a few jobs in a few seconds.
RateLimit draw_rate_limit(Dice& dice);

/// A definition as JSON text.
std::string draw_workflow(const std::string& key, Dice& dice);

/// The one secret there is, as definitions name it, and its value.
inline constexpr std::string_view kSecretMark = "${secret:TOKEN}", kSecretValue = "s3cret-0f-the-sh0p";
inline bool holds_secret(std::string_view text) { return text.find(kSecretValue) != std::string_view::npos; }

/// How long a `delay` lasts that goes by the inputs: now and then so long that the run is parked.
std::string draw_wait(Dice& dice);

}  // namespace troupe::sim
