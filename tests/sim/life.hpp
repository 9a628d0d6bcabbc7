// One life of the node's process, from its start to its death. Everything that stands between the node and the world
// shares it, because what a dead process still says must not be heard.
#pragma once

#include <memory>
#include <string>

#include "troupe/base/time.hpp"

namespace troupe::sim {

struct Life {
  int number = 0;
  bool dead = false;      ///< nothing it does has an effect any more
  bool stopping = false;  ///< in order, as it was told
  bool had_shards = false;
  bool owns_shards = false;  ///< false: not yet, or another has taken them
  Millis clock_offset{0};    ///< of its machine's clock
  bool clock_was_set = false;
  Timestamp clock_latest = kNever;  ///< the latest that this clock was seen to say
  Timestamp started_at = kNever;    ///< by the world's time
  std::size_t slots = 0;            ///< of each worker
  std::string name() const { return "node-" + std::to_string(number); }
};
using LifePtr = std::shared_ptr<Life>;

}  // namespace troupe::sim
