// The schema of the PostgreSQL database, version by version. Internal to this room.
#pragma once

#include "store_postgres/connection.hpp"

namespace troupe::store {

/// Brings the database to the newest version in one transaction, or refuses a newer one. Nodes that start together wait for each other.
Result<Done> migrate(Connection& connection);

}  // namespace troupe::store
