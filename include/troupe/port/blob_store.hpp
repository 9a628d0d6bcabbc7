// Port: bytes of any size by their SHA-256. What is stored is durable when put returns, is never rewritten, and is
// shared by all that has the same content. Nobody counts its users: what no row names is found by looking at all rows,
// and is removed only if it has not been stored, or stored again, for much longer than a row follows its blob.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

struct BlobInfo {
  Digest sha256{};
  std::uint64_t bytes = 0;
};

/// Receives a blob piece by piece. Dropped without finish(): nothing is kept.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  virtual Result<Done> write(std::string_view piece) = 0;
  virtual Result<BlobInfo> finish() = 0;
};

/// An open blob. Reads at any place; thread-compatible.
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Up to `count` bytes from `offset`; fewer only at the end.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t count) = 0;
};

/// Thread-safe. Blocking. Fails with disk_full, io_failed or not_found.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::unique_ptr<BlobSink>> create() = 0;
  virtual Result<std::unique_ptr<BlobSource>> open(const Digest& sha256) = 0;
  virtual Result<bool> contains(const Digest& sha256) = 0;
  /// The store (StoreReader::store_id) whose rows name these blobs; empty: nobody has said.
  virtual Result<std::string> owner() = 0;
  virtual Result<Done> set_owner(const std::string& store_id) = 0;
  /// Every blob that was last stored before then, in no order. The first failure of `each` ends it.
  virtual Result<Done> for_each_stored_before(Timestamp then,
                                              const std::function<Result<Done>(const Digest&)>& each) = 0;
  /// False, and it stays: it was stored again since then, or is not there.
  virtual Result<bool> remove_if_stored_before(Timestamp then, const Digest& sha256) = 0;
  /// Where a person finds it: a path, or a URL.
  virtual std::string location(const Digest& sha256) const = 0;

  /// All at once.
  Result<BlobInfo> put(std::string_view bytes) {
    auto sink = create();
    if (!sink) return sink.error();
    if (auto written = (*sink)->write(bytes); !written) return written.error();
    return (*sink)->finish();
  }
  Result<std::string> get(const Digest& sha256) {
    auto source = open(sha256);
    if (!source) return source.error();
    return (*source)->read(0, static_cast<std::size_t>((*source)->size()));
  }
};

}  // namespace troupe
