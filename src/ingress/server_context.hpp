// What all event loops of a server share, and the count of connections by which stop() knows that all have ended.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "ingress/server.hpp"
#include "troupe/base/clock.hpp"

namespace troupe::ingress {

class EventLoop;

class ServerContext {
 public:
  /// Threads that read blobs for all loops.
  static constexpr std::size_t kContentReaders = 2;

  ServerContext(ServerOptions server_options, Handler server_handler, RenderError server_render_error)
      : options(std::move(server_options)),
        handler(std::move(server_handler)),
        render_error(std::move(server_render_error)),
        content_readers(kContentReaders) {}

  const ServerOptions options;
  const Handler handler;
  const RenderError render_error;
  SystemClock clock;
  SystemRandom random;
  boost::asio::thread_pool content_readers;
  std::vector<EventLoop*> loops;  ///< complete before any of them starts

  /// Connections of all loops; those refused at the bound are not counted.
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  void add_open() { open_.fetch_add(1, std::memory_order_relaxed); }
  void remove_open() {
    if (open_.fetch_sub(1) != 1) return;
    std::lock_guard lock(mutex_);
    emptied_.notify_all();
  }
  /// Until no connection is open, or the time is over.
  void wait_until_empty(Millis limit) {
    std::unique_lock lock(mutex_);
    emptied_.wait_for(lock, limit, [this] { return open_.load() == 0; });
  }

 private:
  std::atomic<std::size_t> open_{0};
  std::mutex mutex_;
  std::condition_variable emptied_;
};

}  // namespace troupe::ingress
