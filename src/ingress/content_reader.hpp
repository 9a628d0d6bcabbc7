// Reads blobs on a thread of its own, for streams: neither an event loop nor the core's threads may wait for a disk.
#pragma once

#include <functional>
#include <memory>

#include "ingress/http.hpp"
#include "ingress/work_thread.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::ingress {

/// Thread-safe. What still waits when it is destroyed is dropped.
class ContentReader {
 public:
  /// Sends all of `source` down the stream, then calls `done` on the reader's thread: true if all was sent.
  void send(std::shared_ptr<BlobSource> source, std::shared_ptr<Stream> stream, std::function<void(bool)> done);

 private:
  WorkThread thread_;
};

}  // namespace troupe::ingress
