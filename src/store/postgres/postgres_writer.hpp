// A writer: one connection, made anew when it was lost. Internal to this room.
#pragma once

#include <memory>
#include <string>

#include "store_postgres/postgres_store.hpp"

namespace troupe::store {

/// Connects, and prepares the statements of a commit.
Result<std::unique_ptr<StoreWriter>> make_postgres_writer(std::string url, PostgresOptions options);

}  // namespace troupe::store
