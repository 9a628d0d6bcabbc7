// Writes one blob into a FileBlobStore's directory. Private to the room.
//
// Why a blob that finish() has acknowledged survives a crash:
//   1. its bytes are fsynced in DIR/tmp before they get their name, so a name never stands for part of a blob;
//   2. rename() is atomic: a name is there whole or not at all, and two writers of the same content rename the same bytes;
//   3. the folder is fsynced after the rename, so the name is there after the crash as well; this is also done when the
//      name was there already, because the writer that made it may not have come so far;
//   4. the 256 folders are made and fsynced by FileBlobStore::open, before any blob.
// After a failed fsync the kernel may have dropped the pages, so nothing is tried again with the same file.
//
// What a crash leaves in DIR/tmp is removed at the next start. A file there belongs to a living writer for as long as
// that holds its lock, so a second process at start does not take away what the first is writing.
#pragma once

#include <string>

#include "blob/file/posix_file.hpp"
#include "crypto/hash.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe {

class FileBlobSink final : public BlobSink {
 public:
  explicit FileBlobSink(std::string directory) : directory_(std::move(directory)) {}
  ~FileBlobSink() override;

  Result<Done> write(std::string_view piece) override;
  Result<BlobInfo> finish() override;

 private:
  Result<Done> flush();
  Result<Done> open_file();
  Result<Done> publish(const std::string& path);

  const std::string directory_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  std::string waiting_;  ///< not yet in the file; a small blob that is stored already never gets one
  Fd file_;
  std::string file_path_;
  bool finished_ = false;
};

/// The folder of a digest, and the blob's path in it.
std::string blob_folder(const std::string& directory, const Digest& sha256);
std::string blob_path(const std::string& directory, const Digest& sha256);
/// Removes the files in DIR/tmp that no living writer has locked.
Result<Done> remove_leftovers(const std::string& directory);

}  // namespace troupe
