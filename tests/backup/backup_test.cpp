#include "backup/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "backup/backup_check.hpp"
#include "backup/backup_fixture.hpp"
#include "crypto/hash.hpp"
#include "troupe/base/fd.hpp"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST_F(BackupTest, AFolderThatBearsItsNameIsWhole) {
  from.given_asset(1, "a picture");
  from.given_large_result("large outputs", "a long log");
  const auto report = make_backup();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->findings.empty());
  EXPECT_EQ(report->manifest.blobs, 3u);
  EXPECT_EQ(report->manifest.blob_bytes, 32u);
  EXPECT_FALSE(fs::exists(path("backup.partial")));

  const auto whole = backup::check_backup(path("backup"));
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->version, "1.2.3");
  EXPECT_EQ(whole->store, "sqlite");
  EXPECT_EQ(whole->created_at, time_of(5));
  EXPECT_EQ(encode(*whole), encode(report->manifest));
}

TEST_F(BackupTest, TheListOfBlobsIsWhatSha256sumReads) {
  const Digest digest = from.given_asset(1, "a picture");
  ASSERT_TRUE(make_backup());
  const std::string hex = to_hex(sha256("a picture"));
  EXPECT_EQ(read_file(path("backup/blobs.sha256")), hex + "  blobs/" + hex.substr(0, 2) + "/" + hex.substr(2) + "\n");
  EXPECT_EQ(read_file(blob_file(path("backup"), digest)), "a picture");
}

TEST_F(BackupTest, ABlobOfManyRowsIsCopiedOnce) {
  from.given_asset(1, "a picture");
  from.given_asset(2, "a picture");
  EXPECT_EQ(make_backup()->manifest.blobs, 1u);
}

TEST_F(BackupTest, ASlashAtTheEndOfTheFolderIsAllowed) {
  from.given_asset(1, "a picture");
  ASSERT_TRUE(make_backup("backup/"));
  EXPECT_TRUE(backup::check_backup(path("backup")));
}

TEST_F(BackupTest, WhatExistsIsNotOverwritten) {
  from.given_asset(1, "a picture");
  fs::create_directory(path("backup"));
  const auto refused = make_backup();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io_failed);
  EXPECT_THAT(refused.error().message, HasSubstr(path("backup")));
  EXPECT_FALSE(fs::exists(path("backup.partial")));
}

TEST_F(BackupTest, WhatAnInterruptedBackupLeftIsNoBackupAndIsRemovedByTheNext) {
  from.given_asset(1, "a picture");
  fs::create_directories(path("backup.partial/tables"));
  write_file(path("backup.partial/tables/job.rows"), "half a ro");
  EXPECT_EQ(backup::check_backup(path("backup.partial")).error().code, ErrorCode::not_found);
  ASSERT_TRUE(make_backup());
  EXPECT_TRUE(backup::check_backup(path("backup")));
}

TEST_F(BackupTest, TwoBackupsDoNotWriteTheSameFolder) {
  from.given_asset(1, "a picture");
  fs::create_directory(path("backup.partial"));
  write_file(path("backup.partial/theirs"), "rows");
  const Fd other(::open(path("backup.partial").c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  EXPECT_EQ(make_backup().error().code, ErrorCode::io_failed);
  EXPECT_TRUE(fs::exists(path("backup.partial/theirs")));
}

TEST_F(BackupTest, ABackupThatFailsLeavesNothing) {
  from.given_asset(1, "a picture");
  from.driver_.reset();
  const auto maintenance = Place(path("nowhere")).maintenance();  // no database there
  const auto failed =
      backup::make_backup({path("backup"), "", "", time_of(1)}, *maintenance, from.driver().reader(), *from.blobs);
  EXPECT_EQ(failed.error().code, ErrorCode::store_unavailable);
  EXPECT_FALSE(fs::exists(path("backup")));
  EXPECT_FALSE(fs::exists(path("backup.partial")));
}

TEST_F(BackupTest, ALostBlobIsReportedWithItsPlaceAndTheRestIsCopied) {
  const Digest lost = from.given_asset(1, "a picture");
  from.given_asset(2, "another");
  from.given_large_result("large outputs", "a long log");
  fs::remove(blob_file(from.folder, lost));
  const auto report = make_backup();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->findings.size(), 1u);
  EXPECT_FALSE(report->findings[0].warning);
  EXPECT_EQ(report->findings[0].place, "asset " + to_string(make_id<AssetId>(1)));
  EXPECT_THAT(report->findings[0].reason, HasSubstr(blob_file(from.folder, lost)));
  EXPECT_EQ(report->manifest.blobs_missing, 1u);
  EXPECT_EQ(backup::check_backup(path("backup"))->blobs, 3u);
}

TEST_F(BackupTest, ADamagedBlobIsReportedAndNotTakenForWhole) {
  const Digest digest = from.given_asset(1, "a picture");
  from.given_large_result("large outputs", "a long log");
  write_file(blob_file(from.folder, digest), "a pisture");
  write_file(blob_file(from.folder, sha256("a long log")), "a short log");
  const auto report = make_backup();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->findings.size(), 2u);
  EXPECT_THAT(report->findings[1].reason, HasSubstr("is damaged: its SHA-256 is " + to_hex(sha256("a pisture"))));
  EXPECT_EQ(report->findings[0].place, "log of run " + to_string(make_id<RunId>(1)) + ", step 2, item 3, attempt 2");
  EXPECT_THAT(report->findings[0].reason, HasSubstr("has 11 bytes, should have 10"));
  EXPECT_EQ(report->manifest.blobs, 1u);
}

TEST_F(BackupTest, ABlobThatWasRemovedTogetherWithItsRowIsNoDamage) {
  fs::remove(blob_file(from.folder, from.given_asset(1, "a picture")));
  Place later(path("later"));  // as the store will be: without the row
  const auto maintenance = from.maintenance();
  const auto report =
      backup::make_backup({path("backup"), "", "", time_of(1)}, *maintenance, later.driver().reader(), *from.blobs);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->findings.size(), 1u);
  EXPECT_TRUE(report->findings[0].warning);
  EXPECT_THAT(report->findings[0].reason, HasSubstr("the row was removed"));
}

}  // namespace
}  // namespace troupe::test
