#include "blob/file/file_blob_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "blob/file/file_blob_sink.hpp"
#include "blob/file/posix_file.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

class FileBlobSource final : public BlobSource {
 public:
  FileBlobSource(Fd file, std::uint64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  std::uint64_t size() const override { return size_; }

  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    if (offset >= size_) return std::string();
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset)), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t got =
          ::pread(file_.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error("read", path_);
      if (got == 0) return Error{ErrorCode::io_failed, path_ + " has become shorter", false, {}};
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  const Fd file_;
  const std::uint64_t size_;
  const std::string path_;
};

Timestamp stored_at(const struct stat& info) {
  return from_unix_ms(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000);
}

Result<Done> make_layout(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) {
    errno = failed.value();
    return file_error("make the directory", directory);
  }
  if (auto made = make_directory(directory + "/tmp"); !made) return made;
  for (unsigned first = 0; first < 256; ++first) {
    const auto byte = static_cast<std::uint8_t>(first);
    if (auto made = make_directory(directory + "/" + to_hex(&byte, 1)); !made) return made;
  }
  return sync_directory(directory);
}

}  // namespace

Result<std::unique_ptr<FileBlobStore>> FileBlobStore::open(std::string directory) {
  if (auto made = make_layout(directory); !made) return made.error();
  if (auto removed = remove_leftovers(directory); !removed) return removed.error();
  return std::unique_ptr<FileBlobStore>(new FileBlobStore(std::move(directory)));
}

std::unique_ptr<FileBlobStore> FileBlobStore::for_reading(std::string directory) {
  return std::unique_ptr<FileBlobStore>(new FileBlobStore(std::move(directory)));
}

Result<std::unique_ptr<BlobSink>> FileBlobStore::create() {
  return std::unique_ptr<BlobSink>(std::make_unique<FileBlobSink>(directory_));
}

Result<std::unique_ptr<BlobSource>> FileBlobStore::open(const Digest& sha256) {
  const std::string path = blob_path(directory_, sha256);
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return Error{ErrorCode::not_found, "there is no blob " + to_hex(sha256), false, {}};
  if (!file) return file_error("open", path);
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return file_error("look at", path);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  // The one damage that is seen without reading: file systems that lose data in a crash leave empty files.
  if (!S_ISREG(info.st_mode) || (size == 0 && sha256 != troupe::sha256("")))
    return Error{ErrorCode::io_failed, path + " is damaged: it is empty or no file", false, {}};
  return std::unique_ptr<BlobSource>(std::make_unique<FileBlobSource>(std::move(file), size, path));
}

Result<bool> FileBlobStore::contains(const Digest& sha256) {
  const std::string path = blob_path(directory_, sha256);
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) return S_ISREG(info.st_mode);
  if (errno == ENOENT) return false;
  return file_error("look at", path);
}

Result<std::string> FileBlobStore::owner() {
  const std::string path = directory_ + "/owner";
  std::ifstream file(path);
  std::string line;
  if (file && std::getline(file, line)) return line;
  if (!file.is_open() && errno == ENOENT) return std::string();
  return file_error("read", path);
}

Result<Done> FileBlobStore::set_owner(const std::string& store_id) {
  const std::string path = directory_ + "/owner";
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return file_error("make", path);
  if (auto written = write_all(file, store_id + "\n", path); !written) return written;
  if (auto durable = sync_file(file, path); !durable) return durable;
  return sync_directory(directory_);
}

Result<Done> FileBlobStore::for_each_stored_before(Timestamp then,
                                                   const std::function<Result<Done>(const Digest&)>& each) {
  for (unsigned first = 0; first < 256; ++first) {
    const auto byte = static_cast<std::uint8_t>(first);
    const std::string folder = directory_ + "/" + to_hex(&byte, 1);
    std::error_code failed;
    std::filesystem::directory_iterator entries(folder, failed);
    for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
      const auto digest = digest_from_hex(to_hex(&byte, 1) + entries->path().filename().string());
      struct stat info;
      if (!digest || ::stat(entries->path().c_str(), &info) != 0 || stored_at(info) >= then) continue;
      if (auto done = each(*digest); !done) return done;
    }
    if (!failed || failed == std::errc::no_such_file_or_directory) continue;
    errno = failed.value();
    return file_error("read the directory", folder);
  }
  return Done{};
}

// Whoever stores the same bytes again at this moment holds the file's lock while its time is renewed, or finds no file
// and makes one: see FileBlobSink::finish.
Result<bool> FileBlobStore::remove_if_stored_before(Timestamp then, const Digest& sha256) {
  const std::string path = blob_path(directory_, sha256);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) return file_error("open", path);
  if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  struct stat info;
  if (::fstat(file.get(), &info) != 0 || info.st_nlink == 0 || stored_at(info) >= then) return false;
  if (::unlink(path.c_str()) != 0) return file_error("remove", path);
  return true;
}

std::string FileBlobStore::location(const Digest& sha256) const { return blob_path(directory_, sha256); }

}  // namespace troupe
