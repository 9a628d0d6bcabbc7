#include "store_sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::store {

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return Error{ErrorCode::store_unavailable, "cannot open " + path + ": " + std::strerror(errno), true, {}};
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::store_unavailable, "another process is using the database " + database_path, true, {}};
  return lock;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace troupe::store
