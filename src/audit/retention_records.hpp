// The records of a shard's own chain that tell what retention has removed. Private to this room.
//
//   retention.removed     {"jobs": [{"id", "last_seq", "head", "retention_seconds"}, …]}
//   retention.checkpoint  {"transaction", "head", "chain_seq", "chain_head", "survivors"}
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/retention.hpp"

namespace troupe {

/// What a verification looks for in a record of a shard's own chain.
struct RetentionRecord {
  std::vector<Tombstone> removed;        ///< of a `retention.removed`
  std::optional<Checkpoint> checkpoint;  ///< of a `retention.checkpoint`, without `recorded`
};

/// Nothing for any other record.
std::optional<RetentionRecord> read_retention_record(std::string_view stored);

}  // namespace troupe
