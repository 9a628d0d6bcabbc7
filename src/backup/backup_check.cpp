#include "backup/backup_check.hpp"

#include <fstream>

#include "backup/blob_copy.hpp"
#include "blob/file/file_blob_store.hpp"

namespace troupe::backup {
namespace {

Error damaged(const std::string& place, const std::string& why) {
  return {ErrorCode::store_corrupt, "the backup is damaged: " + place + ": " + why, false, {}};
}

Result<Done> check_part(const std::string& path, const PartInfo& expected) {
  const auto found = measure_part(path);
  if (!found && found.error().code == ErrorCode::not_found) return damaged(path, "the file is missing");
  if (!found) return found.error();
  if (found->bytes != expected.bytes)
    return damaged(path,
                   "it has " + std::to_string(found->bytes) + " bytes, should have " + std::to_string(expected.bytes));
  if (found->sha256 != expected.sha256)
    return damaged(path, "its SHA-256 is " + to_hex(found->sha256) + ", should be " + to_hex(expected.sha256));
  return Done{};
}

}  // namespace

Result<Manifest> check_backup(const std::string& folder) {
  auto manifest = read_manifest(folder);
  if (!manifest) return manifest;
  for (const TablePart& table : manifest->tables)
    if (auto checked = check_part(rows_path(folder, table.schema.name), table.file); !checked) return checked.error();
  if (auto checked = check_part(blob_list_path(folder), manifest->blob_list); !checked) return checked.error();
  const auto blobs = FileBlobStore::for_reading(blobs_path(folder));
  auto checked = for_each_blob(folder, *blobs, [&](const BlobInfo& blob) -> Result<Done> {
    const std::string fault = check_blob(*blobs, blob);
    return fault.empty() ? Result<Done>(Done{}) : damaged(blobs->location(blob.sha256), fault);
  });
  if (!checked) return checked.error();
  return manifest;
}

Result<Done> for_each_blob(const std::string& folder, BlobStore& blobs,
                           const std::function<Result<Done>(const BlobInfo&)>& each) {
  const std::string path = blob_list_path(folder);
  std::ifstream list(path, std::ios::binary);
  for (std::string line; std::getline(list, line);) {
    const auto digest = read_blob_list_line(line);
    if (!digest) return damaged(path, "a line is no blob's");
    const auto source = blobs.open(*digest);
    if (!source && source.error().code == ErrorCode::not_found)
      return damaged(blobs.location(*digest), "the file is missing");
    if (!source) return damaged(blobs.location(*digest), source.error().message);
    if (auto done = each({*digest, (*source)->size()}); !done) return done;
  }
  return Done{};
}

}  // namespace troupe::backup
