#include "store_sqlite/sqlite_store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/maintenance_contract.hpp"
#include "store/store_contract.hpp"
#include "store/temporary_folder.hpp"
#include "store_sql/journal_bytes.hpp"

namespace troupe::test {
namespace {

class SqliteEngine final : public Engine {
 public:
  SqliteEngine() { TROUPE_ASSERT(store_->migrate().ok(), "the test's database can be made"); }
  Store& store() override { return *store_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_ = make_sqlite_store(folder_.file("troupe.db"));
};

const EngineFactory kSqlite{"sqlite", [] { return std::make_unique<SqliteEngine>(); }};
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, testing::Values(kSqlite), name_of);
INSTANTIATE_TEST_SUITE_P(Sqlite, MaintenanceContract, testing::Values(kSqlite), name_of);

class SqliteStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(SqliteOptions options = {}) {
    auto store = make_sqlite_store(path, options);
    EXPECT_TRUE(store->migrate().ok());
    return store;
  }
  /// Runs SQL on the file, beside the store.
  std::string run_sql(const char* sql) {
    sqlite3* handle = nullptr;
    std::string text;
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    const auto add = [](void* to, int, char** values, char**) {
      return static_cast<std::string*>(to)->append(values[0] ? values[0] : "null").append(" "), 0;
    };
    char* fault = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql, add, &text, &fault), SQLITE_OK) << fault;
    sqlite3_free(fault);
    sqlite3_close(handle);
    return text;
  }

  TemporaryFolder folder;
  const std::string path = folder.file("troupe.db");
};

TEST_F(SqliteStoreTest, WhatWasCommittedIsThereAfterReopening) {
  {
    const auto store = open();
    StoreDriver driver(*store);
    ASSERT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
  }
  const auto store = open();
  StoreDriver driver(*store);
  EXPECT_EQ(text_of(driver.reader().job(make_id<JobId>(1))), text_of(make_job(1)));
  EXPECT_EQ(driver.shard(0).seq, 1u);
  EXPECT_EQ(driver.shard(0).epoch, 2u);
}

TEST_F(SqliteStoreTest, ASecondWritingStoreIsTurnedAwayWithTheNameOfTheFile) {
  const auto first = open(), second = open();
  auto writer = first->writer();
  ASSERT_TRUE(writer.ok());
  const auto refused = second->writer();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::store_unavailable);
  EXPECT_NE(refused.error().message.find(path), std::string::npos);
  EXPECT_TRUE(second->reader(1).value()->ping().ok());  // reading beside it is fine

  writer->reset();
  EXPECT_TRUE(second->writer().ok());
}

TEST_F(SqliteStoreTest, ADatabaseOfTheFirstVersionKeepsItsJournal) {
  std::string before;
  {
    const auto store = open();
    StoreDriver driver(*store);
    ASSERT_EQ(driver.commit({journalled(make_job(1), 0), journalled(make_job(2), 1)}).status, CommitStatus::committed);
    before = text_of(driver.reader().journal({}));
  }
  run_sql(
      "CREATE TABLE journal_1 (chain BLOB NOT NULL, first_seq INTEGER NOT NULL, shard INTEGER NOT NULL,"
      " shard_seq INTEGER NOT NULL, position INTEGER NOT NULL, count INTEGER NOT NULL, records BLOB NOT NULL,"
      " PRIMARY KEY (chain, first_seq));"
      "INSERT INTO journal_1 SELECT chain, first_seq, place >> 59, (place >> 20) & ((1 << 39) - 1), place & 1048575,"
      " count, records FROM journal;"
      "ALTER TABLE meta DROP COLUMN store_id; DROP TABLE journal_stub; DROP TABLE retained; DROP TABLE sweep;"
      "DROP TABLE review; DROP TABLE setting;"
      "DROP TABLE journal; ALTER TABLE journal_1 RENAME TO journal; UPDATE meta SET schema_version = 1");
  const auto store = open();
  StoreDriver driver(*store);
  EXPECT_EQ(text_of(driver.reader().journal({})), before);
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 2) << before;
}

TEST_F(SqliteStoreTest, RecordsOfEarlierVersionsAndDamagedOnesAreReadBesideTheOthers) {
  const auto store = open();
  StoreDriver driver(*store);
  std::vector<Change> changes;
  for (std::uint32_t i = 0; i < 3; ++i) {
    changes.push_back(journalled(make_job(i + 1), i));
    changes.back().journal->records = "{\"action\":\"run.completed\",\"actor\":\"node\",\"at\":\"2027-03-05\"}\n";
  }
  const std::string written = changes.front().journal->records;
  ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  EXPECT_EQ(run_sql("SELECT count(*) FROM journal WHERE substr(records, 1, 1) = x'01' AND length(records) < 40"), "3 ");
  run_sql("UPDATE journal SET records = CAST('{\"old\":1}' AS BLOB) WHERE place = 1 << 20 | 1");
  run_sql("UPDATE journal SET records = x'0100ff' WHERE place = 1 << 20 | 2");

  const auto rows = driver.reader().journal_of_shard(0, 0, 0, 10);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].records, written);
  EXPECT_EQ((*rows)[1].records, "{\"old\":1}");
  EXPECT_EQ((*rows)[2].records, store::kUnreadableRecords);
}

TEST_F(SqliteStoreTest, ADatabaseOfANewerBinaryIsRefusedAndLeftAlone) {
  open();
  run_sql("UPDATE meta SET schema_version = 1000");
  const auto migrated = make_sqlite_store(path)->migrate();
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::store_newer);
  EXPECT_EQ(run_sql("SELECT schema_version FROM meta"), "1000 ");
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsUnavailable) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs(std::string(8192, 'x').c_str(), file);
  std::fclose(file);
  const auto migrated = make_sqlite_store(path)->migrate();
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(make_sqlite_store(folder.file("no/such/folder/db"))->migrate().error().code, ErrorCode::store_unavailable);
}

TEST_F(SqliteStoreTest, TheFileIsInWalModeSoThatReadersNeverWait) {
  open();
  EXPECT_EQ(run_sql("PRAGMA journal_mode"), "wal ");
}

/// The write-ahead log of the file, and commits that fill it.
class SqliteLogTest : public SqliteStoreTest {
 protected:
  /// How often the log has begun anew: a number in its head.
  std::uint32_t generation() const {
    std::ifstream log(path + "-wal", std::ios::binary);
    std::array<unsigned char, 16> head{};
    log.read(reinterpret_cast<char*>(head.data()), head.size());
    return std::uint32_t{head[12]} << 24 | std::uint32_t{head[13]} << 16 | std::uint32_t{head[14]} << 8 | head[15];
  }
  void commit_large_job() {
    JobRow job = make_job(jobs_++);
    job.spec = Document('"' + std::string(100'000, 'x') + '"');
    ASSERT_EQ(driver_.commit({inserting(job)}).status, CommitStatus::committed);
    largest_ = std::max<std::uint64_t>(largest_, std::filesystem::file_size(path + "-wal"));
  }
  /// Until the log has begun anew so often; but not for ever.
  void commit_until(std::uint32_t wanted) {
    for (int i = 0; i < 2'000 && generation() < wanted; ++i) commit_large_job();
    EXPECT_GE(generation(), wanted) << "the log grows: " << largest_ << " bytes";
  }

  const std::unique_ptr<Store> store_ = open();
  StoreDriver driver_{*store_};
  int jobs_ = 1;
  std::uint64_t largest_ = 0;
};

TEST_F(SqliteLogTest, BeginsAnewWhileCommitsGoOn) {
  commit_large_job();
  commit_until(generation() + 3);
  EXPECT_LT(largest_, 80u << 20);
}

TEST_F(SqliteLogTest, GrowsBehindAReaderAndBeginsAnewAfterIt) {
  commit_large_job();
  const std::uint32_t first = generation();
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM job", nullptr, nullptr, nullptr), SQLITE_OK);
  for (int i = 0; i < 300; ++i) commit_large_job();  // 7,500 pages
  EXPECT_EQ(generation(), first) << "the reader still reads what the log began with";
  sqlite3_close(reader);
  commit_until(first + 1);
}

TEST_F(SqliteStoreTest, ACommitThatFindsNoRoomIsFullAndLeavesNothing) {
  SqliteOptions options;
  options.max_pages = 100;
  const auto store = open(options);
  StoreDriver driver(*store);
  JobRow large = make_job(2);
  large.spec = Document(std::string(400'000, 'x'));
  const CommitReply reply = driver.commit({inserting(make_job(1)), inserting(large)});
  EXPECT_EQ(reply.status, CommitStatus::full);
  EXPECT_EQ(reply.error.code, ErrorCode::disk_full);
  EXPECT_EQ(text_of(driver.reader().job(make_id<JobId>(1))), "nothing");
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
}

TEST_F(SqliteStoreTest, ALockedDatabaseIsUnavailableOnceTheTimeIsUp) {
  SqliteOptions options;
  options.busy_timeout = Millis(1);
  const auto store = open(options);
  StoreDriver driver(*store);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::unavailable);
  EXPECT_TRUE(driver.reader().ping().ok());  // readers do not wait for writers
  sqlite3_close(other);
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
}

TEST_F(SqliteStoreTest, ARowThatWasDamagedIsCorruptNotRead) {
  const auto store = open();
  StoreDriver driver(*store);
  ASSERT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
  run_sql("UPDATE job SET head = x'00'");
  EXPECT_EQ(driver.reader().job(make_id<JobId>(1)).error().code, ErrorCode::store_corrupt);
}

TEST_F(SqliteStoreTest, NoIndexNamesAColumnThatAnUpdateChanges) {
  open();
  EXPECT_EQ(run_sql("SELECT DISTINCT i.name FROM pragma_index_list('job') l, pragma_index_info(l.name) i ORDER BY 1"),
            "client_id id user_id workflow_key ");
}

class SqliteMaintenanceTest : public SqliteStoreTest {
 protected:
  std::unique_ptr<StoreMaintenance> maintenance() {
    SqliteOptions options;
    options.busy_timeout = Millis(100);
    return make_sqlite_store(path, options)->maintenance().value();
  }
};

TEST_F(SqliteMaintenanceTest, TheListOfTablesIsTheDatabases) {
  open();
  std::multiset<std::string> listed;
  const auto snapshot = maintenance()->snapshot();
  for (const TableSchema& table : (*snapshot)->tables())
    for (const FieldSchema& field : table.fields) listed.insert(table.name + "." + field.name);
  std::multiset<std::string> found;
  std::istringstream names(
      run_sql("SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c"
              " WHERE t.type = 'table' AND t.name <> 'meta'"));
  for (std::string name; names >> name;) found.insert(name);
  EXPECT_EQ(listed, found);
}

TEST_F(SqliteMaintenanceTest, WhatIsNotThereIsNotMade) {
  EXPECT_EQ(maintenance()->schema().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(maintenance()->check().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(maintenance()->vacuum().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(maintenance()->snapshot().error().code, ErrorCode::store_unavailable);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SqliteMaintenanceTest, AFileWithoutASchemaIsFilledToo) {
  open();
  const auto from = maintenance()->snapshot();
  const auto to = make_sqlite_store(folder.file("other.db"));
  auto loader = to->maintenance().value()->load(maintenance()->schema()->to);
  ASSERT_TRUE(loader.ok()) << loader.error().message;
  copy_rows(**from, **loader);
  ASSERT_TRUE((*loader)->commit().ok());
}

TEST_F(SqliteMaintenanceTest, ASchemaOfAnotherVersionIsToldAndNotCopied) {
  open();
  run_sql("UPDATE meta SET schema_version = 1");
  EXPECT_EQ(maintenance()->schema()->from, 1);
  EXPECT_EQ(maintenance()->snapshot().error().code, ErrorCode::store_refused);
  run_sql("UPDATE meta SET schema_version = 1000");
  EXPECT_EQ(maintenance()->snapshot().error().code, ErrorCode::store_newer);
  run_sql("DROP TABLE meta");
  EXPECT_EQ(maintenance()->schema()->from, 0);
  EXPECT_EQ(maintenance()->snapshot().error().code, ErrorCode::not_found);
}

TEST_F(SqliteMaintenanceTest, WhatAServerWouldHaveToWaitForIsRefusedWhileOneRuns) {
  const auto server = open();
  StoreDriver driver(*server);
  EXPECT_EQ(maintenance()->vacuum().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(maintenance()->load(1).error().code, ErrorCode::store_unavailable);
  const auto nothing_to_do = make_sqlite_store(path)->migrate();
  ASSERT_TRUE(nothing_to_do.ok()) << nothing_to_do.error().message;
  EXPECT_EQ(nothing_to_do->from, nothing_to_do->to);
  run_sql("UPDATE meta SET schema_version = 1");
  const auto refused = make_sqlite_store(path)->migrate();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("another process is using"), std::string::npos) << refused.error().message;
}

TEST_F(SqliteMaintenanceTest, VacuumGivesDeletedRowsBackToTheDisk) {
  {
    const auto store = open();
    StoreDriver driver(*store);
    JobRow large = make_job(1);
    large.spec = Document(std::string(1'000'000, 'x'));
    ASSERT_EQ(driver.commit({inserting(large)}).status, CommitStatus::committed);
  }
  run_sql("DELETE FROM job");
  const auto space = maintenance()->vacuum();
  ASSERT_TRUE(space.ok()) << space.error().message;
  EXPECT_GT(space->before, 1'000'000u);
  EXPECT_LT(space->after, 300'000u);
  EXPECT_EQ(space->after, std::filesystem::file_size(path));
}

TEST_F(SqliteMaintenanceTest, VacuumSaysWhoIsInTheWay) {
  open();
  const auto reading = maintenance()->snapshot();
  ASSERT_TRUE(reading.ok());
  run_sql("CREATE TABLE later (x)");  // a frame that the reader's snapshot does not have
  const auto refused = maintenance()->vacuum();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::store_unavailable);
}

TEST_F(SqliteMaintenanceTest, CheckListsWhatDoesNotFitTogether) {
  open();
  run_sql("PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'job_by_user'");  // its page stays
  const auto findings = maintenance()->check();
  ASSERT_TRUE(findings.ok()) << findings.error().message;
  ASSERT_EQ(findings->size(), 1u);
  EXPECT_NE(findings->front().reason.find("never used"), std::string::npos) << findings->front().reason;
}

TEST_F(SqliteMaintenanceTest, CheckFindsADamagedPage) {
  {
    const auto store = open();
    StoreDriver driver(*store);
    std::vector<Change> changes;
    for (std::uint32_t i = 1; i <= 200; ++i) changes.push_back(inserting(make_job(i)));
    ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  }
  const std::string page = run_sql("SELECT rootpage FROM sqlite_master WHERE name = 'job_by_client'");
  std::FILE* file = std::fopen(path.c_str(), "r+");
  std::fseek(file, (std::stol(page) - 1) * 4096, SEEK_SET);
  std::fputs("damage", file);
  std::fclose(file);
  const auto findings = maintenance()->check();
  ASSERT_TRUE(findings.ok()) << findings.error().message;
  ASSERT_FALSE(findings->empty());
  EXPECT_FALSE(findings->front().warning);
  EXPECT_EQ(findings->front().place, path);
}

}  // namespace
}  // namespace troupe::test
