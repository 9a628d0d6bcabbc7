// Reads blobs on a thread of its own, for streams: neither an event loop nor the core's threads may wait for a disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "ingress/http.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::ingress {

/// Thread-safe. What still waits when it is destroyed is dropped.
class ContentReader {
 public:
  ContentReader();
  ~ContentReader();
  ContentReader(const ContentReader&) = delete;
  ContentReader& operator=(const ContentReader&) = delete;

  /// Sends all of `source` down the stream, then calls `done` on the reader's thread: true if all was sent.
  void send(std::shared_ptr<BlobSource> source, std::shared_ptr<Stream> stream, std::function<void(bool)> done);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace troupe::ingress
