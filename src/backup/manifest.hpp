// What a backup consists of: the folder, and the page that names and measures its parts.
//
//   DIR/manifest.json      written last: without it the folder is no backup
//   DIR/tables/NAME.rows   the rows of a table (rows_file.hpp)
//   DIR/blobs.sha256       a line a blob, `SHA-256  blobs/ab/cdef…`: what `sha256sum --check` reads
//   DIR/blobs/ab/cdef…     the blobs that the rows name, as in a data folder
//
// The page is `{"manifest": …, "sha256": …}`, the digest being that of the manifest as canonical JSON (RFC 8785).
#pragma once

#include <string>
#include <vector>

#include "backup/rows_file.hpp"
#include "troupe/base/time.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::backup {

/// Raised when an older binary could not read what a newer one writes. Schema versions are counted apart.
inline constexpr int kFormat = 1;

struct TablePart {
  TableSchema schema;
  std::uint64_t rows = 0;
  PartInfo file;
};

struct Manifest {
  int format = kFormat;
  std::string version;  ///< of the binary
  Timestamp created_at;
  std::string store;  ///< the engine it came from
  std::int64_t schema_version = 0;
  std::vector<TablePart> tables;
  PartInfo blob_list;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t blobs_missing = 0;  ///< that rows name, and that were not there to be copied
};

std::string manifest_path(const std::string& folder);
std::string rows_path(const std::string& folder, const std::string& table);
std::string blob_list_path(const std::string& folder);
std::string blobs_path(const std::string& folder);

/// One line with its end.
std::string encode(const Manifest& manifest);
/// not_found where there is no manifest, store_newer for a newer format, store_corrupt for a page that does not hold;
/// each names the path.
Result<Manifest> read_manifest(const std::string& folder);

}  // namespace troupe::backup
