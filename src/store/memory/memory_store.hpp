// The Store port in memory: for tests, for `memory:`, and as the reference that the SQL engines are compared with.
// Everything is gone with the last of the store, its writers and its readers. Thread-safe.
#pragma once

#include <memory>

#include "troupe/port/store.hpp"

namespace troupe {

std::unique_ptr<Store> make_memory_store();

}  // namespace troupe
