// The same jobs through the persistence actors of a node: a mailbox, group commit, the audit chain with its hashes, and
// telling everyone. As many jobs are in flight as are asked for; each is accepted, and ended when that is durable.
#pragma once

#include <cstddef>
#include <string>

namespace troupe::bench {

/// Jobs a second. `url` names a migrated store.
double actor_loop(const std::string& url, std::size_t writers, std::size_t in_flight, std::size_t jobs);

}  // namespace troupe::bench
