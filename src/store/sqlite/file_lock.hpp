// An advisory lock on a file beside the database, held while the object lives: two processes never write the same database.
// Beside it, because SQLite's own POSIX locks are dropped when any descriptor of the database file is closed.
#pragma once

#include <memory>
#include <string>

#include "troupe/base/result.hpp"

namespace troupe::store {

class FileLock {
 public:
  /// store_unavailable if another process (or store of this one) holds it.
  static Result<std::unique_ptr<FileLock>> take(const std::string& database_path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace troupe::store
