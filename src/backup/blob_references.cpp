#include "backup/blob_references.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "blob/file/posix_file.hpp"
#include "troupe/base/id.hpp"

namespace troupe::backup {
namespace {

static_assert(std::is_trivially_copyable_v<BlobReference>, "written and read as it lies in memory, by one process");

/// A row's cells by their fields' names. A field that the schema does not have is absent.
class NamedCells {
 public:
  NamedCells(const TableSchema& table, RowCells row) : table_(table), row_(row) {}
  const Cell& operator[](std::string_view name) const {
    static const Cell absent{true, 0, {}};
    const auto field = std::find_if(table_.fields.begin(), table_.fields.end(),
                                    [&](const FieldSchema& candidate) { return candidate.name == name; });
    return field == table_.fields.end() ? absent : row_[static_cast<std::size_t>(field - table_.fields.begin())];
  }

 private:
  const TableSchema& table_;
  RowCells row_;
};

template <std::size_t Size>
bool copy(std::array<std::uint8_t, Size>& to, const Cell& from) {
  if (from.absent || from.bytes.size() != Size) return false;
  std::memcpy(to.data(), from.bytes.data(), Size);
  return true;
}

/// Nothing if the row names no such blob.
std::optional<BlobReference> asset_reference(const NamedCells& row) {
  BlobReference reference;
  if (!copy(reference.sha256, row["sha256"]) || !copy(reference.id, row["id"])) return std::nullopt;
  reference.bytes = static_cast<std::uint64_t>(row["bytes"].integer);
  return reference;
}

std::optional<BlobReference> result_reference(const NamedCells& row, BlobReference::Kind kind) {
  const bool is_log = kind == BlobReference::Kind::log;
  BlobReference reference;
  reference.kind = kind;
  if (!copy(reference.sha256, row[is_log ? "log_blob" : "outputs_blob"]) || !copy(reference.id, row["run"]))
    return std::nullopt;
  reference.bytes = static_cast<std::uint64_t>(row[is_log ? "log_bytes" : "outputs_bytes"].integer);
  reference.step = static_cast<std::uint32_t>(row["step"].integer);
  reference.item = static_cast<std::uint32_t>(row["item"].integer);
  reference.attempt = static_cast<std::uint32_t>(row["attempt"].integer);
  return reference;
}

}  // namespace

std::string place_of(const BlobReference& reference) {
  const std::string id = format_uuid(reference.id);
  if (reference.kind == BlobReference::Kind::asset) return "asset " + id;
  return (reference.kind == BlobReference::Kind::log ? "log of run " : "outputs of run ") + id + ", step " +
         std::to_string(reference.step) + ", item " + std::to_string(reference.item) + ", attempt " +
         std::to_string(reference.attempt);
}

Result<bool> is_named(StoreReader& reader, const BlobReference& reference) {
  if (reference.kind == BlobReference::Kind::asset) {
    const auto asset = reader.asset(AssetId{reference.id});
    if (!asset) return asset.error();
    return asset->has_value();
  }
  const auto results = reader.results(RunId{reference.id});
  if (!results) return results.error();
  return std::any_of(results->begin(), results->end(), [&](const ResultRow& row) {
    return row.outputs_blob == reference.sha256 || row.log_blob == reference.sha256;
  });
}

Result<BlobReferences> BlobReferences::create(const std::string& folder) {
  std::string path = folder + "/references.XXXXXX";
  const int file = ::mkostemp(path.data(), 0);
  if (file < 0) return file_error("make a file in", folder);
  ::unlink(path.c_str());
  return BlobReferences(::fdopen(file, "w+b"));
}

Result<Done> BlobReferences::add(const TableSchema& table, RowCells row) {
  const NamedCells cells(table, row);
  std::array<std::optional<BlobReference>, 2> found;
  if (table.name == "asset") found = {asset_reference(cells), std::nullopt};
  if (table.name == "step_result")
    found = {result_reference(cells, BlobReference::Kind::outputs), result_reference(cells, BlobReference::Kind::log)};
  for (const auto& reference : found)
    if (reference) {
      if (auto written = write(*reference); !written) return written;
    }
  return Done{};
}

Result<Done> BlobReferences::write(const BlobReference& reference) {
  if (std::fwrite(&reference, sizeof reference, 1, file_.get()) == 1) return Done{};
  return file_error("write", "the list of blobs");
}

Result<Done> BlobReferences::for_each(const std::function<Result<Done>(const BlobReference&)>& each) {
  if (std::fflush(file_.get()) != 0) return file_error("write", "the list of blobs");
  std::rewind(file_.get());
  BlobReference reference;
  while (std::fread(&reference, sizeof reference, 1, file_.get()) == 1)
    if (auto done = each(reference); !done) return done;
  if (std::ferror(file_.get()) != 0) return file_error("read", "the list of blobs");
  return Done{};
}

}  // namespace troupe::backup
