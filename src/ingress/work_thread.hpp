// A thread for what must not hold up an event loop: reading blobs for streams, taking large batches apart.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace troupe::ingress {

/// Thread-safe. What still waits when it is destroyed is dropped unrun.
class WorkThread {
 public:
  WorkThread() : thread_([this] { work(); }) {}
  ~WorkThread();
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  /// In the order of the calls. Whoever calls bounds how much waits.
  void run(std::function<void()> function);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace troupe::ingress
