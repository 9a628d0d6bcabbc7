// Threads for calls that block: reads of the store, blobs. Actors and the ingress hand functions in and are answered by
// message or callback, so that no scheduler thread or event loop ever waits for a disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

class BlockingPool {
 public:
  /// Without threads, functions run at once on the caller's: for deterministic tests.
  BlockingPool(std::size_t threads, std::size_t queue_max);
  ~BlockingPool() { close(); }

  /// Runs what is queued and joins the threads; what comes later is refused or dropped. Idempotent.
  void close();

  /// False when the queue is full: the caller answers `overloaded`.
  [[nodiscard]] bool run(std::function<void()> function);
  /// Work the node needs itself (loading a run, storing a result): queued whatever the bound.
  void run_always(std::function<void()> function);
  std::size_t queued() const;
  /// Functions under way.
  std::size_t busy() const;
  /// A function that throws is dropped, and this is told, so that one request's fault is not the node's. Set once,
  /// before the first.
  void on_fault(std::function<void(const char* what)> fault) { fault_ = std::move(fault); }

 private:
  void work();
  void run_here(const std::function<void()>& function) const;

  const std::size_t queue_max_;
  const bool has_threads_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool closed_ = false;
  std::size_t busy_ = 0;
  std::function<void(const char*)> fault_ = [](const char*) {};
  std::vector<std::thread> threads_;
};

}  // namespace troupe
