// The schema of the PostgreSQL database, version by version. Internal to this room.
#pragma once

#include "store_postgres/connection.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::store::postgres {

/// Brings the database to the newest version in one transaction, or refuses a newer one. Nodes that start together wait
/// for each other.
Result<SchemaChange> migrate(Connection& connection);
/// The newest version that this binary knows.
std::int64_t newest_schema();
/// From the database's version (0: none) to the newest, as they are.
Result<SchemaChange> schema_of(Connection& connection);
/// Opens a transaction that other nodes' migrations wait for, and that waits for theirs.
Result<Done> begin_migration(Connection& connection);
/// Brings the database to a version, within that transaction; refuses a newer database.
Result<SchemaChange> upgrade(Connection& connection, std::int64_t to);
/// The tables of the newest version, `meta` among them, by the names that hold rows and indexes: of stored_tables(),
/// `job` and `parked` are views.
const std::vector<std::string>& physical_tables();
/// Removes everything that the newest version has made.
Result<Done> drop_schema(Connection& connection);
/// The first number of a SELECT.
Result<std::int64_t> select_number(Connection& connection, const std::string& sql);

}  // namespace troupe::store::postgres
