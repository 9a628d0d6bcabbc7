// The schema of the SQLite database, version by version. Internal to this room.
#pragma once

#include "store_sqlite/connection.hpp"

namespace troupe::store {

/// Brings the database to the newest version in one transaction, or refuses a newer one. Writes nothing if there is nothing to do.
Result<Done> migrate(Connection& connection);

}  // namespace troupe::store
