#include "backup/restore.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "backup/backup_check.hpp"
#include "backup/blob_copy.hpp"
#include "blob/file/file_blob_store.hpp"
#include "blob/file/posix_file.hpp"

namespace troupe::backup {
namespace {

namespace fs = std::filesystem;

std::string mark_path(const std::string& data_dir) { return data_dir + "/restoring"; }

Result<Done> put_mark(const std::string& data_dir) {
  const std::string path = mark_path(data_dir);
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return file_error("make", path);
  if (auto durable = sync_file(file, path); !durable) return durable;
  return sync_directory(data_dir);
}

Result<Done> remove_mark(const std::string& data_dir) {
  const std::string path = mark_path(data_dir);
  if (::unlink(path.c_str()) != 0) return file_error("remove", path);
  return sync_directory(data_dir);
}

/// Blobs of another store must not mix with the restored ones, nobody could tell them apart; those of an interrupted
/// restore may stay.
Result<Done> check_no_blobs(const RestoreTarget& target) {
  std::error_code absent;
  if (fs::exists(mark_path(target.data_dir))) return Done{};
  for (const auto& entry : fs::recursive_directory_iterator(target.blobs_path, absent))
    if (entry.is_regular_file(absent))
      return Error{
          ErrorCode::io_failed, "the data folder is not empty: " + entry.path().string() + " exists", false, {}};
  return Done{};
}

Result<Done> copy_blobs(const std::string& folder, const RestoreTarget& target) {
  const auto from = FileBlobStore::for_reading(blobs_path(folder));
  auto to = FileBlobStore::open(target.blobs_path);
  if (!to) return to.error();
  return for_each_blob(folder, *from, [&](const BlobInfo& blob) -> Result<Done> {
    const auto copied = copy_blob(*from, **to, blob);
    if (!copied) return copied.error();
    if (copied->empty()) return Done{};
    return Error{ErrorCode::store_corrupt, from->location(blob.sha256) + ": " + *copied, false, {}};
  });
}

Result<Done> load_table(const std::string& folder, const TablePart& table, StoreLoader& loader) {
  const std::string path = rows_path(folder, table.schema.name);
  if (auto begun = loader.begin(table.schema); !begun) return begun;
  const auto rows = read_rows(path, table.schema, [&](RowCells row) { return loader.add(row); });
  if (!rows) return rows.error();
  if (*rows == table.rows) return Done{};
  return Error{ErrorCode::store_corrupt,
               path + ": it holds " + std::to_string(*rows) + " rows, should hold " + std::to_string(table.rows),
               false,
               {}};
}

}  // namespace

Result<RestoreReport> restore_backup(const std::string& folder, const RestoreTarget& target) {
  auto manifest = check_backup(folder);
  if (!manifest) return manifest.error();
  if (auto empty = check_no_blobs(target); !empty) return empty.error();
  auto loader = target.maintenance.load(manifest->schema_version);
  if (!loader) return loader.error();
  if (auto marked = put_mark(target.data_dir); !marked) return marked.error();
  if (auto copied = copy_blobs(folder, target); !copied) return copied.error();
  for (const TablePart& table : manifest->tables)
    if (auto loaded = load_table(folder, table, **loader); !loaded) return loaded.error();
  const auto upgraded = (*loader)->commit();
  if (!upgraded) return upgraded.error();
  loader->reset();
  if (auto removed = remove_mark(target.data_dir); !removed) return removed.error();
  const std::int64_t version = manifest->schema_version;
  return RestoreReport{*std::move(manifest), {version, upgraded->to}};
}

Result<Done> check_not_restoring(const std::string& data_dir) {
  if (!fs::exists(mark_path(data_dir))) return Done{};
  return Error{
      ErrorCode::io_failed,
      "a restore into " + data_dir + " was interrupted: run troupe restore again, or remove the folder's content",
      false,
      {}};
}

}  // namespace troupe::backup
