// A table's rows as a file. Private to the room.
//
//   file     row*
//   row      size (4 bytes), then so many bytes: its fields in the order of the table's schema
//   uuid     16 bytes
//   integer  8 bytes, two's complement
//   text     length (4 bytes), then so many bytes
//   bytes    the same; length FFFFFFFF: absent
//
// Numbers are big-endian. The file says nothing of its table or its end: the manifest does (manifest.hpp).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "crypto/hash.hpp"
#include "troupe/base/fd.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::backup {

/// What the manifest keeps of a file.
struct PartInfo {
  std::uint64_t bytes = 0;
  Digest sha256{};
};

/// Writes one file of a backup from its beginning, and hashes it on the way.
class PartWriter {
 public:
  static Result<PartWriter> create(const std::string& path);
  /// Gathers up to 1 MiB before it is written.
  Result<Done> write(std::string_view bytes);
  /// Makes the file durable (not its name).
  Result<PartInfo> finish();

 private:
  PartWriter(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  Result<Done> flush();

  Fd file_;
  std::string path_, waiting_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
};

/// Hashes a whole file. io_failed, or not_found.
Result<PartInfo> measure_part(const std::string& path);

/// Appends the encoded row. store_refused for a row above 1 GiB.
Result<Done> append_row(std::string& to, const TableSchema& table, RowCells row);

/// Hands over every row of the file; the first failure of `each` ends it. store_corrupt, with the row's number, for
/// what is no row.
Result<std::uint64_t> read_rows(const std::string& path, const TableSchema& table,
                                const std::function<Result<Done>(RowCells)>& each);

}  // namespace troupe::backup
