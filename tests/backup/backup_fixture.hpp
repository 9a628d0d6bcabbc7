// A store with blobs, its backups, and an empty place to restore them to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "backup/backup.hpp"
#include "backup/restore.hpp"
#include "blob/file/file_blob_store.hpp"
#include "store/store_driver.hpp"
#include "store/temporary_folder.hpp"

namespace troupe::test {

/// A SQLite store in a folder of its own, with blobs beside it.
struct Place {
  explicit Place(std::string folder);

  StoreDriver& driver();
  std::unique_ptr<StoreMaintenance> maintenance() { return store->maintenance().value(); }
  /// A job with an asset of these bytes. Gives their digest.
  Digest given_asset(std::uint32_t number, const std::string& bytes);
  /// A result of job 1 whose outputs and log lie in blobs.
  void given_large_result(const std::string& outputs, const std::string& log);
  void commit(std::vector<Change> changes);
  backup::RestoreTarget target(StoreMaintenance& to) const { return {to, folder, folder + "/blobs"}; }

  std::string folder;
  std::unique_ptr<Store> store;
  std::unique_ptr<FileBlobStore> blobs;
  std::unique_ptr<StoreDriver> driver_;
};

class BackupTest : public ::testing::Test {
 protected:
  Result<backup::BackupReport> make_backup(const std::string& name = "backup");
  std::string path(const std::string& name) const { return folder.file(name); }
  /// Every row of a store, by table.
  static std::map<std::string, std::multiset<std::string>> rows_of(Place& place);

  static std::string read_file(const std::string& path);
  static void write_file(const std::string& path, const std::string& bytes);
  static std::string blob_file(const std::string& folder, const Digest& sha256);

  TemporaryFolder folder;
  Place from{folder.file("from")};
};

}  // namespace troupe::test
