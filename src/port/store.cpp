#include "troupe/port/store.hpp"

namespace troupe {

ChainId shard_chain(ShardId shard) {
  ChainId chain;
  chain.bytes[14] = static_cast<std::uint8_t>(shard >> 8);
  chain.bytes[15] = static_cast<std::uint8_t>(shard);
  return chain;
}

}  // namespace troupe
