// Can every row of a store be read, and is every blob there that they name?
#pragma once

#include <cstdint>
#include <vector>

#include "troupe/port/blob_store.hpp"
#include "troupe/port/maintenance.hpp"
#include "troupe/port/store.hpp"

namespace troupe::backup {

struct StoredRows {
  std::uint64_t rows = 0;
  std::uint64_t blobs = 0;  ///< that they name, each counted once
  std::uint64_t blob_bytes = 0;
  std::vector<StoreFinding> findings;
};

/// Reads every row of a snapshot, and every blob that they name, against its size and SHA-256; beside a server, too. Of
/// each blob 64 bytes are kept in memory.
Result<StoredRows> check_rows(StoreMaintenance& maintenance, StoreReader& reader, BlobStore& blobs);

}  // namespace troupe::backup
