// Fills an empty store from a backup (backup.hpp), of either engine and of this schema version or an older one.
//
//   1. the whole backup is checked: nothing is written from a damaged one
//   2. the database is found to be empty, and locked; so is the data folder
//   3. a mark is put into the data folder, which servers refuse (check_not_restoring)
//   4. blobs, then all rows in one transaction: as everywhere, a row is written after its blobs
//   5. the mark is removed
//
// Interrupted, it leaves an empty database and the mark; then it can be run again.
//
// Epochs stay as they were: whoever serves the restored store acquires its shards, and takes open runs over as after a
// crash.
#pragma once

#include <string>

#include "backup/manifest.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::backup {

struct RestoreTarget {
  StoreMaintenance& maintenance;
  std::string data_dir;    ///< exists
  std::string blobs_path;  ///< of its blobs
};

struct RestoreReport {
  Manifest manifest;
  SchemaChange schema;  ///< from the backup's version to this binary's
};

/// Fails with io_failed for a data folder that is not empty; and as check_backup and the store's loader.
Result<RestoreReport> restore_backup(const std::string& folder, const RestoreTarget& target);

/// io_failed for a data folder that an interrupted restore has left.
Result<Done> check_not_restoring(const std::string& data_dir);

}  // namespace troupe::backup
