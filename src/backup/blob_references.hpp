// Which rows name which blobs. Private to the room.
//
// References can be as many as there are assets and results, so they wait in an unnamed file, not in memory.
#pragma once

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/maintenance.hpp"
#include "troupe/port/store.hpp"

namespace troupe::backup {

struct BlobReference {
  enum class Kind : std::uint8_t { asset, outputs, log };
  Digest sha256{};
  std::uint64_t bytes = 0;
  std::array<std::uint8_t, 16> id{};  ///< the asset's, or the run's
  Kind kind = Kind::asset;
  // of a result
  std::uint32_t step = 0, item = 0, attempt = 0;
};

/// `asset 0190…`, `outputs of run 0190…, step 1, item 0, attempt 1`: where a person finds it.
std::string place_of(const BlobReference& reference);

/// Does the store still have the row? A row that was removed since the snapshot takes its blobs along.
Result<bool> is_named(StoreReader& reader, const BlobReference& reference);

class BlobReferences {
 public:
  /// In this folder; gone with the object, or with the process.
  static Result<BlobReferences> create(const std::string& folder);

  /// Takes the references of a row, if its table has any.
  Result<Done> add(const TableSchema& table, RowCells row);
  /// Once, after the last add. The first failure of `each` ends it.
  Result<Done> for_each(const std::function<Result<Done>(const BlobReference&)>& each);

 private:
  explicit BlobReferences(std::FILE* file) : file_(file, &std::fclose) {}
  Result<Done> write(const BlobReference& reference);

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace troupe::backup
