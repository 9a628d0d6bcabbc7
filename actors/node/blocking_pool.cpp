#include "actors/node/blocking_pool.hpp"

#include <exception>
#include <utility>

namespace troupe {

BlockingPool::BlockingPool(std::size_t threads, std::size_t queue_max)
    : queue_max_(queue_max), has_threads_(threads > 0) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void BlockingPool::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool BlockingPool::run(std::function<void()> function) {
  if (!has_threads_) {
    run_here(function);
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(function));
  }
  wake_.notify_one();
  return true;
}

void BlockingPool::run_always(std::function<void()> function) {
  if (!has_threads_) return run_here(function);
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    queue_.push_back(std::move(function));
  }
  wake_.notify_one();
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

std::size_t BlockingPool::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

void BlockingPool::run_here(const std::function<void()>& function) const {
  try {
    function();
  } catch (const std::exception& fault) {
    fault_(fault.what());
  }
}

void BlockingPool::work() {
  for (;;) {
    std::function<void()> function;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      function = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
    }
    run_here(function);
    function = nullptr;  // whoever it still would have answered is answered before this thread counts as idle
    const std::lock_guard lock(mutex_);
    --busy_;
  }
}

}  // namespace troupe
