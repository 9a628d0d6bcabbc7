// The StoreMaintenance of one database file, and its parts. Internal to this room.
#pragma once

#include <memory>
#include <string>

#include "store_sqlite/sqlite_store.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::store::sqlite {

std::unique_ptr<StoreMaintenance> make_sqlite_maintenance(std::string path, const SqliteOptions& options);

/// All rows in one read transaction. The writer goes on meanwhile; its log cannot be reset until the snapshot is gone,
/// and grows by what is written.
Result<std::unique_ptr<StoreSnapshot>> take_sqlite_snapshot(const std::string& path, const SqliteOptions& options);

/// Holds the file's lock until it is gone.
Result<std::unique_ptr<StoreLoader>> make_sqlite_loader(const std::string& path, const SqliteOptions& options,
                                                        std::int64_t schema_version);

}  // namespace troupe::store::sqlite
