// What is set for queues: how long anybody waits at most, and what each client's share is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "troupe/base/limits.hpp"

namespace troupe {

struct FairRules {
  Millis max_wait = limits::kQueueMaxWait;
  std::unordered_map<std::string, std::uint32_t> weights;  ///< by client, 1 … limits::kClientWeightMax; absent: 1

  std::uint32_t weight_of(const std::string& client) const {
    const auto found = weights.find(client);
    return found == weights.end() ? 1 : found->second;
  }
};
using FairRulesPtr = std::shared_ptr<const FairRules>;

}  // namespace troupe
