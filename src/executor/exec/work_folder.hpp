// The folder of one task: ROOT/XXXXXX/out for the files it gives, ROOT/XXXXXX/tmp as its home and working directory.
// Removed with the value. While the value lives its folder is locked, so that remove_leftovers of another process on the
// same root leaves it alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "troupe/base/fd.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

class WorkFolder {
 public:
  static Result<WorkFolder> make(const std::string& root);
  WorkFolder() = default;
  WorkFolder(WorkFolder&& other) noexcept = default;
  WorkFolder& operator=(WorkFolder&& other) noexcept;
  ~WorkFolder();

  std::string out() const { return path_ + "/out"; }
  std::string tmp() const { return path_ + "/tmp"; }

 private:
  std::string path_;
  Fd lock_;
};

/// Makes the root and removes the folders in it that no living process has locked.
Result<Done> prepare_work_root(const std::string& root);

struct AssetBounds {
  std::uint32_t files_max;
  std::uint64_t bytes_max;
};
/// Stores every regular file below `folder`, sorted by name (its path below the folder). Symbolic links are not followed
/// anywhere on the way; they and all that is no regular file are left out. Fails with disk_full (retryable), io_failed,
/// output_too_large, or cancelled once `stop` is set.
Result<std::vector<NewAsset>> store_assets(const std::string& folder, BlobStore& blobs, const AssetBounds& bounds,
                                           const std::atomic<bool>& stop);

}  // namespace troupe
