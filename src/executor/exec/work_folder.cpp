#include "executor/exec/work_folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "executor/exec/media_type.hpp"
#include "executor/text.hpp"
#include "image/header.hpp"

namespace troupe {
namespace {

namespace fs = std::filesystem;

Error folder_error(std::string_view act, const std::string& path, int reason) {
  const bool full = reason == ENOSPC || reason == EDQUOT;
  return Error{full ? ErrorCode::disk_full : ErrorCode::io_failed,
               "cannot " + std::string(act) + " " + path + ": " + std::strerror(reason), true, {}};
}

/// What cannot be removed (a file system gone read-only) is left to the next start.
void remove_tree(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

Fd lock_folder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  const bool ours = fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &info) == 0 && info.st_nlink > 0;
  return ours ? std::move(fd) : Fd();
}

/// A program may have left a file that it still holds in the hands of a child which escaped its group. So the kernel, not
/// a check before the open, makes sure that no link leads out of the folder.
Fd open_beneath(int folder, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how)));
}

Result<std::vector<std::string>> list_files(const std::string& folder, std::uint32_t files_max) {
  std::vector<std::string> names;
  std::error_code failed;
  fs::recursive_directory_iterator entries(folder, failed), end;
  for (; !failed && entries != end; entries.increment(failed)) {
    std::error_code vanished;
    if (entries->symlink_status(vanished).type() != fs::file_type::regular) continue;
    if (names.size() == files_max)
      return Error{ErrorCode::output_too_large,
                   "the command wrote more than " + std::to_string(files_max) + " files", false, {}};
    names.push_back(entries->path().lexically_relative(folder).string());
  }
  if (failed) return folder_error("read", folder, failed.value());
  std::sort(names.begin(), names.end());
  return names;
}

/// Copies one file into the store; bytes beyond `bytes_left` are too many.
Result<NewAsset> store_file(const Fd& file, const std::string& name, BlobStore& blobs, std::uint64_t bytes_left,
                            const std::atomic<bool>& stop) {
  auto sink = blobs.create();
  if (!sink) return sink.error();
  std::string head, piece;
  std::uint64_t total = 0;
  while (true) {
    if (stop) return Error{ErrorCode::cancelled, "stopped while its files were stored", false, {}};
    piece.resize(kMediaTypeHead);
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return folder_error("read", name, errno);
    if (got == 0) break;
    piece.resize(static_cast<std::size_t>(got));
    total += piece.size();
    if (total > bytes_left)
      return Error{ErrorCode::output_too_large, "the command's files are larger than allowed in all", false, {}};
    if (auto written = (*sink)->write(piece); !written) return written.error();
    if (head.size() < kMediaTypeHead) head.append(piece, 0, kMediaTypeHead - head.size());
  }
  const auto info = (*sink)->finish();
  if (!info) return info.error();
  NewAsset asset{to_utf8(name), media_type(name, head), info->bytes, info->sha256};
  if (const auto image = image_header(head)) {
    asset.width = image->width;
    asset.height = image->height;
  }
  return asset;
}

}  // namespace

Result<WorkFolder> WorkFolder::make(const std::string& root) {
  WorkFolder folder;
  // Between making and locking it, a process that starts may take it for a leftover; then another one is made.
  for (int attempt = 0; attempt < 100 && !folder.lock_; ++attempt) {
    folder.path_ = root + "/XXXXXX";
    if (::mkdtemp(folder.path_.data()) == nullptr) return folder_error("make a folder in", root, errno);
    folder.lock_ = lock_folder(folder.path_);
  }
  if (!folder.lock_) return folder_error("lock", folder.path_, errno);
  for (const std::string& part : {folder.out(), folder.tmp()})
    if (::mkdir(part.c_str(), 0700) != 0) return folder_error("make", part, errno);
  return folder;
}

WorkFolder& WorkFolder::operator=(WorkFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

WorkFolder::~WorkFolder() {
  if (lock_) remove_tree(path_);
}

Result<Done> prepare_work_root(const std::string& root) {
  std::error_code failed;
  fs::create_directories(root, failed);
  fs::directory_iterator entries;
  if (!failed) entries = fs::directory_iterator(root, failed);
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    const std::string path = entries->path().string();
    if (const Fd lock = lock_folder(path)) remove_tree(path);
  }
  if (failed) return folder_error("use", root, failed.value());
  return Done{};
}

Result<std::vector<NewAsset>> store_assets(const std::string& folder, BlobStore& blobs, const AssetBounds& bounds,
                                           const std::atomic<bool>& stop) {
  const auto names = list_files(folder, bounds.files_max);
  if (!names) return names.error();
  const Fd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return folder_error("open", folder, errno);

  std::vector<NewAsset> assets;
  std::uint64_t bytes_left = bounds.bytes_max;
  for (const std::string& name : *names) {
    const Fd file = open_beneath(root.get(), name);
    if (!file) return folder_error("open", name, errno);
    struct stat info;
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    auto asset = store_file(file, name, blobs, bytes_left, stop);
    if (!asset) {
      Error error = asset.error();
      if (error.code == ErrorCode::disk_full || error.code == ErrorCode::io_failed) error.retryable = true;
      return error;
    }
    bytes_left -= asset->bytes;
    assets.push_back(std::move(*asset));
  }
  return assets;
}

}  // namespace troupe
