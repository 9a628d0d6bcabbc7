// Copies a whole store, while it is written, into a folder (manifest.hpp) that either engine can be restored from.
//
//   1. all rows, of one moment (StoreSnapshot), into DEST.partial
//   2. the blobs they name: a row is written after its blobs, so they are there. What retention removes meanwhile takes
//      its row along, and is told apart from what is lost
//   3. the manifest; everything durable; then DEST.partial becomes DEST
//
// So a folder that bears its name is whole. What an interrupted backup left in DEST.partial is removed by the next.
#pragma once

#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/store.hpp"

namespace troupe::backup {

struct BackupRequest {
  std::string folder;   ///< must not exist; the folder it lies in must
  std::string version;  ///< of the binary, for the manifest
  std::string store;    ///< the engine's name, likewise
  Timestamp at;         ///< likewise
};

struct BackupReport {
  Manifest manifest;
  /// Of blobs that were not copied. Those removed together with their row are warnings, the others are damage.
  std::vector<StoreFinding> findings;
};

/// Fails with io_failed where the folder exists or another backup is writing it, and with what the store, the blobs or
/// the disk fail with; then nothing is left. A lost or damaged blob is no failure: it is reported.
Result<BackupReport> make_backup(const BackupRequest& request, StoreMaintenance& maintenance, StoreReader& reader,
                                 BlobStore& blobs);

}  // namespace troupe::backup
