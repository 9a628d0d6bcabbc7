// The schema of the SQLite database, version by version. Internal to this room.
#pragma once

#include "store_sqlite/connection.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::store::sqlite {

/// The newest version that this binary knows.
std::int64_t newest_schema();
/// From the database's version (0: none) to the newest, as they are.
Result<SchemaChange> schema_of(Connection& connection);
/// Brings the database to the newest version in one transaction, or refuses a newer one. Writes nothing if there is
/// nothing to do.
Result<SchemaChange> migrate(Connection& connection);
/// The same up to a version, within the caller's transaction.
Result<SchemaChange> upgrade(Connection& connection, std::int64_t to);

}  // namespace troupe::store::sqlite
