#include "blob/file/file_blob_sink.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

constexpr std::size_t kWriteBytes = 64 << 10;

bool is_linked(const Fd& file) {
  struct stat info;
  return ::fstat(file.get(), &info) == 0 && info.st_nlink > 0;
}

/// Is the blob there already? Then its time is renewed, so that it is not removed as one that nobody has stored for
/// long (FileBlobStore::remove_if_stored_before, which holds the lock while it looks).
bool renew(const std::string& path, std::uint64_t bytes) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  return file && ::flock(file.get(), LOCK_SH) == 0 && is_linked(file) && ::fstat(file.get(), &info) == 0 &&
         S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) == bytes &&
         ::futimens(file.get(), nullptr) == 0;
}

}  // namespace

std::string blob_folder(const std::string& directory, const Digest& sha256) {
  return directory + "/" + to_hex(sha256).substr(0, 2);
}

std::string blob_path(const std::string& directory, const Digest& sha256) {
  const std::string name = to_hex(sha256);
  return directory + "/" + name.substr(0, 2) + "/" + name.substr(2);
}

FileBlobSink::~FileBlobSink() {
  if (file_ && !finished_) ::unlink(file_path_.c_str());
}

Result<Done> FileBlobSink::write(std::string_view piece) {
  hash_.update(piece);
  bytes_ += piece.size();
  if (waiting_.size() + piece.size() <= kWriteBytes) {
    waiting_ += piece;
    return Done{};
  }
  if (auto flushed = flush(); !flushed) return flushed;
  if (piece.size() < kWriteBytes) {
    waiting_ = piece;
    return Done{};
  }
  return write_all(file_, piece, file_path_);
}

Result<BlobInfo> FileBlobSink::finish() {
  TROUPE_ASSERT(!finished_, "a blob is finished once");
  const BlobInfo info{hash_.finish(), bytes_};
  const std::string path = blob_path(directory_, info.sha256);
  if (!renew(path, bytes_)) {
    if (auto published = publish(path); !published) return published.error();
  }
  if (auto durable = sync_directory(blob_folder(directory_, info.sha256)); !durable) return durable.error();
  return info;
}

Result<Done> FileBlobSink::publish(const std::string& path) {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto durable = sync_file(file_, file_path_); !durable) return durable;
  if (::rename(file_path_.c_str(), path.c_str()) != 0) return file_error("rename a new blob to", path);
  finished_ = true;
  return Done{};
}

Result<Done> FileBlobSink::flush() {
  if (!file_) {
    if (auto opened = open_file(); !opened) return opened;
  }
  auto written = write_all(file_, waiting_, file_path_);
  waiting_.clear();
  return written;
}

// Between making the file and locking it, a process that starts may take it for a leftover; then another one is made.
Result<Done> FileBlobSink::open_file() {
  while (true) {
    file_path_ = directory_ + "/tmp/XXXXXX";
    file_ = Fd(::mkostemp(file_path_.data(), O_CLOEXEC));
    if (!file_) return file_error("make a file in", directory_ + "/tmp");
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 && is_linked(file_)) return Done{};
  }
}

Result<Done> remove_leftovers(const std::string& directory) {
  std::error_code failed;
  std::filesystem::directory_iterator entries(directory + "/tmp", failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::string path = entries->path().string();
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error("remove the leftover", path);
  }
  if (!failed) return Done{};
  errno = failed.value();
  return file_error("read the directory", directory + "/tmp");
}

}  // namespace troupe
