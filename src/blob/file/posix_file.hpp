// A file descriptor that closes itself, and the few file operations of the file store with their failures as errors.
// Private to the room.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "troupe/base/result.hpp"

namespace troupe {

class PosixFile {
 public:
  PosixFile() = default;
  explicit PosixFile(int fd) : fd_(fd) {}
  PosixFile(PosixFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile();

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// `errno` as an error: disk_full (retryable) where there is no room, else io_failed; names the act and the path.
Error file_error(std::string_view act, const std::string& path);

Result<Done> make_directory(const std::string& path);  ///< its parent must exist; one that exists is fine
Result<Done> write_all(const PosixFile& file, std::string_view bytes, const std::string& path);
Result<Done> sync_file(const PosixFile& file, const std::string& path);
/// Makes the names in a directory durable.
Result<Done> sync_directory(const std::string& path);

}  // namespace troupe
