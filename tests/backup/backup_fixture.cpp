#include "backup/backup_fixture.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "store_sqlite/sqlite_store.hpp"

namespace troupe::test {

Place::Place(std::string given) : folder(std::move(given)), store(make_sqlite_store(folder + "/troupe.db")) {
  std::filesystem::create_directories(folder);
}

StoreDriver& Place::driver() {
  if (!driver_) {
    EXPECT_TRUE(store->migrate().ok());
    driver_ = std::make_unique<StoreDriver>(*store);
    blobs = FileBlobStore::open(folder + "/blobs").value();
  }
  return *driver_;
}

void Place::commit(std::vector<Change> changes) {
  const CommitReply reply = driver().commit(std::move(changes));
  ASSERT_EQ(reply.status, CommitStatus::committed) << reply.error.message;
}

Digest Place::given_asset(std::uint32_t number, const std::string& bytes) {
  driver();
  Change change;
  change.insert = make_job(number);
  change.assets = {make_asset(*change.insert, number)};
  change.assets[0].sha256 = blobs->put(bytes)->sha256;
  change.assets[0].bytes = bytes.size();
  commit({change});
  return change.assets[0].sha256;
}

void Place::given_large_result(const std::string& outputs, const std::string& log) {
  driver();
  Change change;
  change.results = {make_result(make_id<RunId>(1), 3, 2)};
  ResultRow& row = change.results[0];
  row.outputs = Document();
  row.outputs_blob = blobs->put(outputs)->sha256;
  row.outputs_bytes = outputs.size();
  row.log.clear();
  row.log_blob = blobs->put(log)->sha256;
  row.log_bytes = log.size();
  commit({change});
}

Result<backup::BackupReport> BackupTest::make_backup(const std::string& name) {
  const auto maintenance = from.maintenance();
  return backup::make_backup({path(name), "1.2.3", "sqlite", time_of(5)}, *maintenance, from.driver().reader(),
                             *from.blobs);
}

std::map<std::string, std::multiset<std::string>> BackupTest::rows_of(Place& place) {
  std::map<std::string, std::multiset<std::string>> rows;
  const auto snapshot = place.maintenance()->snapshot();
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().message;
  for (const TableSchema& table : (*snapshot)->tables()) {
    const auto read = (*snapshot)->read(table, [&](RowCells row) -> Result<Done> {
      std::string text;
      for (const Cell& cell : row)
        text += (cell.absent ? "absent" : std::to_string(cell.integer) + std::string(cell.bytes)) + '|';
      rows[table.name].insert(text);
      return Done{};
    });
    EXPECT_TRUE(read.ok());
  }
  return rows;
}

std::string BackupTest::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void BackupTest::write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string BackupTest::blob_file(const std::string& folder, const Digest& sha256) {
  return FileBlobStore::for_reading(folder + "/blobs")->location(sha256);
}

}  // namespace troupe::test
