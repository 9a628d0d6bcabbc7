#include "blob/file/file_blob_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileBlobStoreTest : public ::testing::Test {
 protected:
  FileBlobStoreTest() {
    std::string name = ::testing::TempDir() + "blobs-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~FileBlobStoreTest() override { fs::remove_all(root_); }

  std::unique_ptr<FileBlobStore> open_store() {
    auto store = FileBlobStore::open((root_ / "data/blobs").string());
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  fs::path blobs() const { return root_ / "data/blobs"; }
  std::size_t temporary_files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(blobs() / "tmp"), fs::directory_iterator()));
  }

  fs::path root_;
};

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

TEST_F(FileBlobStoreTest, GivesBackWhatWasPutUnderItsDigest) {
  const auto store = open_store();
  for (std::size_t size : {0UL, 1UL, 65'536UL, 65'537UL, 300'000UL}) {
    const std::string bytes = bytes_of(size);
    const auto info = store->put(bytes);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->sha256, sha256(bytes));
    EXPECT_EQ(info->bytes, size);
    EXPECT_EQ(*store->get(info->sha256), bytes);
    EXPECT_TRUE(*store->contains(info->sha256));
    EXPECT_EQ(fs::file_size(store->location(info->sha256)), size);
  }
  EXPECT_EQ(temporary_files(), 0U);
}

TEST_F(FileBlobStoreTest, TakesPiecesOfAnySize) {
  const auto store = open_store();
  const std::string bytes = bytes_of(400'000);
  auto sink = store->create();
  ASSERT_TRUE(sink);
  std::size_t at = 0;
  for (std::size_t piece = 1; at < bytes.size(); piece = piece * 3 + 1) {
    ASSERT_TRUE((*sink)->write(std::string_view(bytes).substr(at, piece)));
    at += std::min(piece, bytes.size() - at);
  }
  const auto info = (*sink)->finish();
  ASSERT_TRUE(info);
  EXPECT_EQ(*store->get(info->sha256), bytes);
}

TEST_F(FileBlobStoreTest, LaysBlobsOutByTheFirstByteOfTheirDigest) {
  const auto store = open_store();
  const auto info = store->put("hello");
  EXPECT_EQ(store->location(info->sha256),
            (blobs() / "2c" / "f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824").string());
}

TEST_F(FileBlobStoreTest, WritesNoFileForSmallContentThatIsThere) {
  const auto store = open_store();
  const auto info = store->put("hello");
  struct stat before, after;
  ASSERT_EQ(::stat(store->location(info->sha256).c_str(), &before), 0);
  ASSERT_TRUE(store->put("hello"));
  ASSERT_EQ(::stat(store->location(info->sha256).c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "the file was replaced";
}

TEST_F(FileBlobStoreTest, ReadsAnyRange) {
  const auto store = open_store();
  const auto source = store->open(store->put("0123456789")->sha256);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->size(), 10U);
  EXPECT_EQ(*(*source)->read(3, 4), "3456");
  EXPECT_EQ(*(*source)->read(8, 100), "89");
  EXPECT_EQ(*(*source)->read(10, 1), "");
  EXPECT_EQ(*(*source)->read(1'000, 1), "");
}

TEST_F(FileBlobStoreTest, KeepsNothingOfASinkThatWasDropped) {
  const auto store = open_store();
  const std::string bytes = bytes_of(200'000);
  {
    auto sink = store->create();
    ASSERT_TRUE((*sink)->write(bytes));
    EXPECT_EQ(temporary_files(), 1U);
  }
  EXPECT_EQ(temporary_files(), 0U);
  EXPECT_FALSE(*store->contains(sha256(bytes)));
}

TEST_F(FileBlobStoreTest, SaysThatABlobIsNotThere) {
  const auto store = open_store();
  EXPECT_EQ(store->open(sha256("absent")).error().code, ErrorCode::not_found);
  EXPECT_FALSE(*store->contains(sha256("absent")));
}

TEST_F(FileBlobStoreTest, FindsItsBlobsAfterARestart) {
  const Digest digest = open_store()->put("kept")->sha256;
  EXPECT_EQ(*open_store()->get(digest), "kept");
}

TEST_F(FileBlobStoreTest, RemovesAtItsStartWhatDeadWritersLeft) {
  open_store();
  std::ofstream(blobs() / "tmp/Dead00") << "half a blob";
  open_store();
  EXPECT_EQ(temporary_files(), 0U);
}

TEST_F(FileBlobStoreTest, LeavesAtItsStartWhatALivingWriterWrites) {
  const auto store = open_store();
  const std::string bytes = bytes_of(200'000);
  auto sink = store->create();
  ASSERT_TRUE((*sink)->write(bytes));
  open_store();
  EXPECT_EQ(temporary_files(), 1U);
  const auto info = (*sink)->finish();
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(*store->get(info->sha256), bytes);
}

TEST_F(FileBlobStoreTest, RefusesAnEmptyFileThatStandsForABlob) {
  const auto store = open_store();
  const auto info = store->put("content");
  fs::resize_file(store->location(info->sha256), 0);
  EXPECT_EQ(store->open(info->sha256).error().code, ErrorCode::io_failed);
}

TEST_F(FileBlobStoreTest, MendsABlobOfTheWrongSizeWhenItIsPutAgain) {
  const auto store = open_store();
  const auto info = store->put("content");
  fs::resize_file(store->location(info->sha256), 3);
  ASSERT_TRUE(store->put("content"));
  EXPECT_EQ(*store->get(info->sha256), "content");
}

TEST_F(FileBlobStoreTest, NamesThePathThatItCannotUse) {
  std::ofstream(root_ / "file") << "in the way";
  const auto opened = FileBlobStore::open((root_ / "file/blobs").string());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::io_failed);
  EXPECT_THAT(opened.error().message, HasSubstr((root_ / "file").string()));

  const auto store = open_store();
  fs::remove_all(blobs() / "tmp");
  const auto put = store->put("x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::io_failed);
  EXPECT_THAT(put.error().message, HasSubstr((blobs() / "tmp").string()));
}

TEST_F(FileBlobStoreTest, SaysDiskFullWhereFilesMayNotGrow) {
  const auto store = open_store();
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{100'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto put = store->put(bytes_of(200'000));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, previous);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::disk_full);
  EXPECT_TRUE(put.error().retryable);
  EXPECT_EQ(temporary_files(), 0U) << "what was written must not stay on a full disk";
  EXPECT_TRUE(store->put(bytes_of(200'000))) << "after room was made";
}

TEST_F(FileBlobStoreTest, SaysDiskFullOnAFullDisk) {
  fs::create_directories(blobs());
  if (::mount("tmpfs", blobs().c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "may not mount a tmpfs here: " << strerror(errno);
  {
    const auto store = open_store();
    const auto put = store->put(bytes_of(1'000'000));
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, ErrorCode::disk_full);
    EXPECT_TRUE(store->put(bytes_of(100'000))) << "the failed one gave its room back";
  }
  EXPECT_EQ(::umount(blobs().c_str()), 0);
}

/// The file's time, so long ago.
void age(const std::string& path, std::chrono::hours by) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - by);
}
Timestamp hours_ago(int hours) {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()) - std::chrono::hours(hours);
}

TEST_F(FileBlobStoreTest, TellsWhatHasNotBeenStoredForLong) {
  const auto store = open_store();
  const Digest old = store->put("old")->sha256, fresh = store->put("fresh")->sha256;
  age(store->location(old), std::chrono::hours(2));
  std::vector<Digest> told;
  const auto note = [&](const Digest& digest) -> Result<Done> {
    told.push_back(digest);
    return Done{};
  };
  ASSERT_TRUE(store->for_each_stored_before(hours_ago(1), note).ok());
  EXPECT_EQ(told, std::vector<Digest>{old});
  EXPECT_FALSE(*store->remove_if_stored_before(hours_ago(1), fresh));
  EXPECT_TRUE(*store->remove_if_stored_before(hours_ago(1), old));
  EXPECT_FALSE(*store->remove_if_stored_before(hours_ago(1), old)) << "it is gone";
  EXPECT_FALSE(*store->contains(old));
  EXPECT_TRUE(*store->contains(fresh));
}

TEST_F(FileBlobStoreTest, StoringABlobAgainKeepsItFromBeingRemoved) {
  const auto store = open_store();
  const Digest digest = store->put("shared")->sha256;
  age(store->location(digest), std::chrono::hours(2));
  ASSERT_TRUE(store->put("shared").ok());
  EXPECT_FALSE(*store->remove_if_stored_before(hours_ago(1), digest));
  EXPECT_TRUE(*store->contains(digest));
}

TEST_F(FileBlobStoreTest, WhoeverStoresABlobWhileItIsRemovedStillHasIt) {
  const auto store = open_store();
  const Timestamp later = hours_ago(-1);  // everything was stored before that
  std::atomic<bool> stop = false;
  std::atomic<int> lost = 0, puts = 0;
  std::thread remover([&] {
    const Digest digest = sha256("shared");
    while (!stop) (void)store->remove_if_stored_before(later, digest);
  });
  // A blob that is removed after it was stored is not lost: here, everything is old. What counts is that no put fails.
  for (; puts < 2000; ++puts) lost += !store->put("shared").ok();
  stop = true;
  remover.join();
  EXPECT_EQ(lost, 0);
  EXPECT_TRUE(*store->contains(store->put("shared")->sha256));
}

TEST_F(FileBlobStoreTest, ManyThreadsMayPutTheSameContent) {
  const auto store = open_store();
  const std::string bytes = bytes_of(150'000);
  std::atomic<int> stored{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) stored += store->put(bytes).ok();
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 40);
  EXPECT_EQ(*store->get(sha256(bytes)), bytes);
  EXPECT_EQ(temporary_files(), 0U);
}

}  // namespace
}  // namespace troupe
