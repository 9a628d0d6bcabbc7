// The BlobStore port on a directory: one immutable file a blob, found by its digest.
//
//   DIR/ab/cdef…   the blob whose SHA-256 is abcdef…
//   DIR/tmp/…      what is being written
//   DIR/owner      the id of the store whose rows name these blobs, once retention has found that they do
//
// Several processes may share the directory.
#pragma once

#include <memory>
#include <string>

#include "troupe/port/blob_store.hpp"

namespace troupe {

class FileBlobStore final : public BlobStore {
 public:
  /// Makes the directory and its folders, and removes what dead writers left in tmp.
  static Result<std::unique_ptr<FileBlobStore>> open(std::string directory);
  /// Makes nothing and removes nothing; a directory that is not there holds no blobs.
  static std::unique_ptr<FileBlobStore> for_reading(std::string directory);

  Result<std::unique_ptr<BlobSink>> create() override;
  Result<std::unique_ptr<BlobSource>> open(const Digest& sha256) override;
  Result<bool> contains(const Digest& sha256) override;
  Result<std::string> owner() override;
  Result<Done> set_owner(const std::string& store_id) override;
  Result<Done> for_each_stored_before(Timestamp then, const std::function<Result<Done>(const Digest&)>& each) override;
  Result<bool> remove_if_stored_before(Timestamp then, const Digest& sha256) override;
  std::string location(const Digest& sha256) const override;

 private:
  explicit FileBlobStore(std::string directory) : directory_(std::move(directory)) {}

  const std::string directory_;
};

}  // namespace troupe
