#include "blob/file/posix_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe {

Error file_error(std::string_view act, const std::string& path) {
  const int reason = errno;
  // EFBIG: the process may not write files that large (RLIMIT_FSIZE); to the user that is no room either.
  const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
  return Error{full ? ErrorCode::disk_full : ErrorCode::io_failed,
               "cannot " + std::string(act) + " " + path + ": " + std::strerror(reason), full, {}};
}

Result<Done> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return Done{};
  if (errno != EEXIST) return file_error("make the directory", path);
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return file_error("look at", path);
  if (S_ISDIR(info.st_mode)) return Done{};
  errno = ENOTDIR;
  return file_error("use", path);
}

Result<Done> write_all(const Fd& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Done{};
}

Result<Done> sync_file(const Fd& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return file_error("make durable", path);
  return Done{};
}

Result<Done> sync_directory(const std::string& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return file_error("open", path);
  return sync_file(directory, path);
}

}  // namespace troupe
