#include "backup/stored_rows.hpp"

#include "backup/backup_fixture.hpp"
#include "crypto/hash.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

class StoredRowsTest : public BackupTest {
 protected:
  backup::StoredRows check() {
    const auto maintenance = from.maintenance();
    return backup::check_rows(*maintenance, from.driver().reader(), *from.blobs).value();
  }
};

TEST_F(StoredRowsTest, ASoundStoreHasNoFindings) {
  from.given_asset(1, "a picture");
  from.given_asset(2, "a picture");
  from.given_large_result("large outputs", "a long log");
  const auto found = check();
  EXPECT_TRUE(found.findings.empty());
  EXPECT_EQ(found.blobs, 3u);
  EXPECT_EQ(found.blob_bytes, 32u);
  EXPECT_GT(found.rows, 4096u);
}

TEST_F(StoredRowsTest, AMissingAndADamagedBlobAreNamedWithTheirRows) {
  std::filesystem::remove(blob_file(from.folder, from.given_asset(1, "a picture")));
  from.given_large_result("large outputs", "a long log");
  write_file(blob_file(from.folder, sha256("large outputs")), "large output$");
  const auto found = check();
  ASSERT_EQ(found.findings.size(), 2u);
  EXPECT_EQ(found.findings[0].place, "outputs of run " + to_string(make_id<RunId>(1)) + ", step 2, item 3, attempt 2");
  EXPECT_THAT(found.findings[0].reason, HasSubstr("is damaged"));
  EXPECT_EQ(found.findings[1].place, "asset " + to_string(make_id<AssetId>(1)));
  EXPECT_THAT(found.findings[1].reason, HasSubstr("there is no blob"));
}

}  // namespace
}  // namespace troupe::test
