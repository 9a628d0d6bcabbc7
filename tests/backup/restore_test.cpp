#include "backup/restore.hpp"

#include "backup/backup_check.hpp"
#include "backup/backup_fixture.hpp"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RestoreTest : public BackupTest {
 protected:
  void SetUp() override {
    digest = from.given_asset(1, "a picture");
    from.given_large_result(std::string(3'000'000, 'o'), "a long log");
    Change change;
    change.insert = make_job(2);
    change.insert->spec = Document(std::string(2'000'000, 's'));
    change.insert->outputs = Document("");
    change.park = kNever;
    from.commit({change});
    ASSERT_TRUE(make_backup());
  }

  Result<backup::RestoreReport> restore() {
    const auto maintenance = to.maintenance();
    return backup::restore_backup(path("backup"), to.target(*maintenance));
  }
  /// Refused with this code and place, and nothing was written.
  void expect_refused(ErrorCode code, const std::string& place, const std::string& reason = "") {
    const auto refused = restore();
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, code) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr(place));
    EXPECT_THAT(refused.error().message, HasSubstr(reason));
    EXPECT_TRUE(fs::is_empty(to.folder));
  }
  backup::Manifest manifest() { return backup::read_manifest(path("backup")).value(); }

  Digest digest{};
  Place to{folder.file("to")};
};

TEST_F(RestoreTest, TheRestoredStoreIsTheSame) {
  const auto report = restore();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->schema.from, report->schema.to) << "nothing to bring up to date";
  EXPECT_EQ(rows_of(to), rows_of(from));
  for (const std::string& bytes : {std::string("a picture"), std::string(3'000'000, 'o'), std::string("a long log")}) {
    const auto info = from.blobs->put(bytes);
    EXPECT_EQ(read_file(blob_file(to.folder, info->sha256)), bytes);
  }
  EXPECT_TRUE(backup::check_not_restoring(to.folder));
  EXPECT_EQ(to.driver().shard(0).epoch, from.driver().shard(0).epoch + 1);
}

TEST_F(RestoreTest, APartThatWasChangedCutOffOrRemovedIsRefusedByName) {
  const std::string job = path("backup/tables/job.rows"), list = path("backup/blobs.sha256"),
                    blob = blob_file(path("backup"), digest);
  for (const std::string& part : {job, list, blob}) {
    const std::string whole = read_file(part);
    std::string changed = whole;
    changed[whole.size() / 2] ^= 1;
    write_file(part, changed);
    expect_refused(ErrorCode::store_corrupt, part, "SHA-256 is");
    write_file(part, whole.substr(0, whole.size() - 1));
    expect_refused(ErrorCode::store_corrupt, part, part == blob ? "SHA-256 is" : "bytes, should have");
    fs::remove(part);
    expect_refused(ErrorCode::store_corrupt, part, "the file is missing");
    write_file(part, whole);
  }
  fs::remove_all(path("backup/blobs"));
  expect_refused(ErrorCode::store_corrupt, "the file is missing");
}

TEST_F(RestoreTest, AnyByteOfTheManifestCounts) {
  const std::string whole = read_file(path("backup/manifest.json"));
  for (std::size_t place = 0; place < whole.size(); place += 17) {  // all of them would take eight seconds
    std::string changed = whole;
    changed[place] ^= 1;
    write_file(path("backup/manifest.json"), changed);
    const auto read = backup::read_manifest(path("backup"));
    ASSERT_FALSE(read) << place;
    EXPECT_EQ(read.error().code, ErrorCode::store_corrupt) << place;
  }
  write_file(path("backup/manifest.json"), whole.substr(0, whole.size() - 1));
  expect_refused(ErrorCode::store_corrupt, path("backup/manifest.json"));
  fs::remove(path("backup/manifest.json"));
  expect_refused(ErrorCode::not_found, path("backup/manifest.json"));
}

TEST_F(RestoreTest, ANewerFormatOrSchemaIsRefused) {
  backup::Manifest newer = manifest();
  newer.schema_version = 1000;
  write_file(path("backup/manifest.json"), encode(newer));
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_newer);
  newer.format = 2;
  write_file(path("backup/manifest.json"), encode(newer));
  EXPECT_EQ(restore().error().code, ErrorCode::store_newer);
}

TEST_F(RestoreTest, ATableThatHoldsOtherRowsThanTheManifestSaysIsNotRestored) {
  backup::Manifest changed = manifest();
  for (backup::TablePart& table : changed.tables)
    if (table.schema.name == "job") ++table.rows;
  write_file(path("backup/manifest.json"), encode(changed));
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("it holds 2 rows, should hold 3"));
  EXPECT_EQ(to.maintenance()->schema()->from, 0);
}

TEST_F(RestoreTest, NothingIsRestoredIntoAStoreThatHoldsAnything) {
  to.given_asset(7, "theirs");
  to.driver_.reset();
  const auto before = rows_of(to);
  EXPECT_EQ(restore().error().code, ErrorCode::io_failed);
  fs::remove(blob_file(to.folder, to.blobs->put("theirs")->sha256));
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the database is not empty"));
  EXPECT_EQ(rows_of(to), before);
  EXPECT_TRUE(backup::check_not_restoring(to.folder));
}

TEST_F(RestoreTest, NothingIsRestoredBesideBlobsOfAnotherStore) {
  fs::create_directories(to.folder + "/blobs/ab");
  write_file(to.folder + "/blobs/ab/cd", "theirs");
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io_failed);
  EXPECT_THAT(refused.error().message, HasSubstr(to.folder + "/blobs/ab/cd"));
}

/// Its loader fails after some rows, as if the process had ended there.
class FailingMaintenance final : public StoreMaintenance {
 public:
  explicit FailingMaintenance(std::unique_ptr<StoreMaintenance> real) : real_(std::move(real)) {}
  Result<SchemaChange> schema() override { return real_->schema(); }
  Result<std::vector<StoreFinding>> check() override { return real_->check(); }
  Result<SpaceChange> vacuum() override { return real_->vacuum(); }
  Result<std::unique_ptr<StoreSnapshot>> snapshot() override { return real_->snapshot(); }
  Result<std::unique_ptr<StoreLoader>> load(std::int64_t version) override {
    auto loader = real_->load(version);
    if (!loader) return loader;
    return std::unique_ptr<StoreLoader>(std::make_unique<Loader>(*std::move(loader)));
  }

 private:
  class Loader final : public StoreLoader {
   public:
    explicit Loader(std::unique_ptr<StoreLoader> real) : real_(std::move(real)) {}
    Result<Done> begin(const TableSchema& table) override { return real_->begin(table); }
    Result<Done> add(RowCells row) override {
      return ++rows_ < 20 ? real_->add(row) : Result<Done>(ErrorCode::disk_full, "no room");
    }
    Result<SchemaChange> commit() override { return real_->commit(); }

   private:
    std::unique_ptr<StoreLoader> real_;
    int rows_ = 0;
  };
  std::unique_ptr<StoreMaintenance> real_;
};

TEST_F(RestoreTest, AnInterruptedRestoreIsToldFromAStoreAndCanBeRunAgain) {
  FailingMaintenance failing(to.maintenance());
  EXPECT_EQ(backup::restore_backup(path("backup"), to.target(failing)).error().code, ErrorCode::disk_full);
  EXPECT_EQ(to.maintenance()->schema()->from, 0);
  const auto refused = backup::check_not_restoring(to.folder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io_failed);
  EXPECT_THAT(refused.error().message, HasSubstr(to.folder));

  const auto again = restore();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(backup::check_not_restoring(to.folder));
  EXPECT_EQ(rows_of(to), rows_of(from));
}

}  // namespace
}  // namespace troupe::test
