// The one way to a Store: by URL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store_postgres/postgres_store.hpp"
#include "store_sqlite/sqlite_store.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

struct StoreOptions {
  SqliteOptions sqlite;
  PostgresOptions postgres;

  std::vector<Fault> validate() const;
};

/// `sqlite:PATH`, `postgresql://…` (or `postgres://…`), `memory:`. Opens nothing yet: the store connects when it is migrated,
/// or gives out a writer or a reader. invalid_configuration for any other URL or options out of range.
Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options = {});

}  // namespace troupe
