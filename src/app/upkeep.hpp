// The commands that keep a store, without a server of their own: schema, check, vacuum, backup, restore. Each joins the
// configured database with its data folder.
#pragma once

#include "cli/cli.hpp"
#include "config/config.hpp"

namespace troupe {

Result<SchemaChange> migrate_database(const Config& config);
Result<DatabaseCheck> check_database(const Config& config);
Result<SpaceChange> vacuum_database(const Config& config);
Result<backup::BackupReport> make_backup(const Config& config, const std::string& folder);
Result<RestoreOutcome> restore_backup(const Config& config, const std::string& folder, bool verify);

}  // namespace troupe
