#include "backup/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "backup/blob_copy.hpp"
#include "backup/blob_references.hpp"
#include "blob/file/file_blob_store.hpp"
#include "blob/file/posix_file.hpp"

namespace troupe::backup {
namespace {

namespace fs = std::filesystem;

Error in_the_way(const std::string& path, const std::string& why) {
  return {ErrorCode::io_failed, path + " " + why, false, {}};
}

/// DEST.partial: locked, and emptied of what an interrupted backup left there. Removed unless it was published.
class PartialFolder {
 public:
  static Result<PartialFolder> make(std::string destination) {
    while (destination.size() > 1 && destination.ends_with('/')) destination.pop_back();
    if (fs::exists(fs::symlink_status(destination))) return in_the_way(destination, "exists already");
    const std::string path = destination + ".partial";
    if (auto made = make_directory(path); !made) return made.error();
    Fd lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) return file_error("open", path);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return in_the_way(path, "is being written by another backup");
    PartialFolder folder(destination, path, std::move(lock));
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(path, failed)) fs::remove_all(entry.path(), failed);
    errno = failed.value();
    if (failed) return file_error("empty", path);
    if (auto made = make_directory(path + "/tables"); !made) return made.error();
    return folder;
  }
  PartialFolder(PartialFolder&&) = default;
  ~PartialFolder() {
    std::error_code ignored;
    if (lock_) fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  Result<Done> publish() {
    if (auto durable = sync_directory(path_ + "/tables"); !durable) return durable;
    if (auto durable = sync_directory(path_); !durable) return durable;
    if (std::rename(path_.c_str(), destination_.c_str()) != 0) return file_error("rename the backup to", destination_);
    lock_.reset();
    return sync_directory(fs::absolute(destination_).parent_path());
  }

 private:
  PartialFolder(std::string destination, std::string path, Fd lock)
      : destination_(std::move(destination)), path_(std::move(path)), lock_(std::move(lock)) {}

  std::string destination_, path_;
  Fd lock_;
};

Result<TablePart> copy_table(StoreSnapshot& snapshot, const TableSchema& table, const std::string& folder,
                             BlobReferences& references) {
  auto part = PartWriter::create(rows_path(folder, table.name));
  if (!part) return part.error();
  std::uint64_t rows = 0;
  std::string encoded;
  auto read = snapshot.read(table, [&](RowCells row) -> Result<Done> {
    ++rows;
    encoded.clear();
    if (auto appended = append_row(encoded, table, row); !appended) return appended;
    if (auto added = references.add(table, row); !added) return added;
    return part->write(encoded);
  });
  if (!read) return read.error();
  const auto file = part->finish();
  if (!file) return file.error();
  return TablePart{table, rows, *file};
}

/// Copies each blob once, and lists it.
class BlobCopies {
 public:
  BlobCopies(StoreReader& reader, BlobStore& from, BlobStore& to, PartWriter& list, BackupReport& report)
      : reader_(reader), from_(from), to_(to), list_(list), report_(report) {}

  Result<Done> add(const BlobReference& reference) {
    const auto copied_before = to_.contains(reference.sha256);
    if (!copied_before) return copied_before.error();
    if (*copied_before) return Done{};
    const auto copied = copy_blob(from_, to_, {reference.sha256, reference.bytes});
    if (!copied) return copied.error();
    if (!copied->empty()) return report(reference, *copied);
    ++report_.manifest.blobs;
    report_.manifest.blob_bytes += reference.bytes;
    return list_.write(blob_list_line(reference.sha256));
  }

 private:
  Result<Done> report(const BlobReference& reference, const std::string& fault) {
    const auto named = is_named(reader_, reference);
    if (!named) return named.error();
    ++report_.manifest.blobs_missing;
    report_.findings.push_back(
        {!*named, place_of(reference), *named ? fault : fault + " (the row was removed while the backup was made)"});
    return Done{};
  }

  StoreReader& reader_;
  BlobStore &from_, &to_;
  PartWriter& list_;
  BackupReport& report_;
};

Result<Done> copy_blobs(BlobReferences& references, const std::string& folder, StoreReader& reader, BlobStore& from,
                        BackupReport& report) {
  auto to = FileBlobStore::open(blobs_path(folder));
  if (!to) return to.error();
  auto list = PartWriter::create(blob_list_path(folder));
  if (!list) return list.error();
  BlobCopies copies(reader, from, **to, *list, report);
  auto copied = references.for_each([&](const BlobReference& reference) { return copies.add(reference); });
  if (!copied) return copied;
  const auto file = list->finish();
  if (!file) return file.error();
  report.manifest.blob_list = *file;
  return Done{};
}

Result<Done> write_manifest(const std::string& folder, const Manifest& manifest) {
  auto page = PartWriter::create(manifest_path(folder));
  if (!page) return page.error();
  if (auto written = page->write(encode(manifest)); !written) return written;
  const auto file = page->finish();
  return file ? Result<Done>(Done{}) : file.error();
}

}  // namespace

Result<BackupReport> make_backup(const BackupRequest& request, StoreMaintenance& maintenance, StoreReader& reader,
                                 BlobStore& blobs) {
  auto folder = PartialFolder::make(request.folder);
  if (!folder) return folder.error();
  auto references = BlobReferences::create(folder->path());
  if (!references) return references.error();
  auto snapshot = maintenance.snapshot();
  if (!snapshot) return snapshot.error();

  BackupReport report;
  report.manifest.version = request.version;
  report.manifest.store = request.store;
  report.manifest.created_at = request.at;
  report.manifest.schema_version = (*snapshot)->schema_version();
  for (const TableSchema& table : (*snapshot)->tables()) {
    auto part = copy_table(**snapshot, table, folder->path(), *references);
    if (!part) return part.error();
    report.manifest.tables.push_back(*std::move(part));
  }
  snapshot->reset();  // blobs never change: what holds up the store's tidying ends before they are copied
  if (auto copied = copy_blobs(*references, folder->path(), reader, blobs, report); !copied) return copied.error();
  if (auto written = write_manifest(folder->path(), report.manifest); !written) return written.error();
  if (auto published = folder->publish(); !published) return published.error();
  return report;
}

}  // namespace troupe::backup
