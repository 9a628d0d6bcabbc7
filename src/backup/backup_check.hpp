// Is a backup whole? Reads all of it: every part against the manifest, every blob against its name.
#pragma once

#include <functional>
#include <string>

#include "backup/manifest.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::backup {

/// The manifest of a backup that is whole. store_corrupt, with place and reason, for the first fault; and as
/// read_manifest.
Result<Manifest> check_backup(const std::string& folder);

/// The blobs that the backup's list names, with their sizes. The first failure of `each` ends it.
Result<Done> for_each_blob(const std::string& folder, BlobStore& blobs,
                           const std::function<Result<Done>(const BlobInfo&)>& each);

}  // namespace troupe::backup
