#include "backup/stored_rows.hpp"

#include <filesystem>
#include <set>

#include "backup/blob_copy.hpp"
#include "backup/blob_references.hpp"

namespace troupe::backup {

Result<StoredRows> check_rows(StoreMaintenance& maintenance, StoreReader& reader, BlobStore& blobs) {
  auto references = BlobReferences::create(std::filesystem::temp_directory_path());
  if (!references) return references.error();
  auto snapshot = maintenance.snapshot();
  if (!snapshot) return snapshot.error();
  StoredRows report;
  for (const TableSchema& table : (*snapshot)->tables()) {
    auto read = (*snapshot)->read(table, [&](RowCells row) {
      ++report.rows;
      return references->add(table, row);
    });
    if (!read && read.error().code != ErrorCode::store_corrupt && read.error().code != ErrorCode::store_unavailable)
      return read.error();
    if (!read) report.findings.push_back({false, "table " + table.name, read.error().message});
  }
  snapshot->reset();

  std::set<Digest> seen;
  auto checked = references->for_each([&](const BlobReference& reference) -> Result<Done> {
    if (!seen.insert(reference.sha256).second) return Done{};
    ++report.blobs;
    report.blob_bytes += reference.bytes;
    const std::string fault = check_blob(blobs, {reference.sha256, reference.bytes});
    if (fault.empty()) return Done{};
    const auto named = is_named(reader, reference);
    if (!named) return named.error();
    if (*named) report.findings.push_back({false, place_of(reference), fault});
    return Done{};
  });
  if (!checked) return checked.error();
  return report;
}

}  // namespace troupe::backup
