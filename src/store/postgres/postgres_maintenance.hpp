// The StoreMaintenance of one PostgreSQL database, and its parts. Internal to this room.
#pragma once

#include <memory>
#include <string>

#include "store_postgres/connection.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::store::postgres {

std::unique_ptr<StoreMaintenance> make_postgres_maintenance(std::string url, const PostgresOptions& options);

/// All rows in one REPEATABLE READ, read-only transaction. It holds up nobody, but nothing that was deleted or replaced
/// since it began can be cleaned up until it ends.
Result<std::unique_ptr<StoreSnapshot>> take_postgres_snapshot(const std::string& url, const PostgresOptions& options);

Result<std::unique_ptr<StoreLoader>> make_postgres_loader(const std::string& url, const PostgresOptions& options,
                                                          std::int64_t schema_version);

/// A connection for statements that take as long as there are rows. Plans are free: all of a table is read, not a few
/// rows by their key.
Result<std::unique_ptr<Connection>> open_unhurried(const std::string& url, PostgresOptions options,
                                                   Connection::Use use);

}  // namespace troupe::store::postgres
