// A bounded pool of sessions: opened when first needed, waited for when all are busy, replaced when lost. Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store_sql/session.hpp"

namespace troupe::store {

/// How long a read waits for a free session before it fails with store_unavailable.
inline constexpr std::chrono::seconds kSessionWait{10};

class SessionPool {
 public:
  SessionPool(std::size_t size, OpenSession open) : free_slots_(size), size_(size), open_(std::move(open)) {}

  /// Calls `use` with a session of its own. If the connection turns out to be lost (the database was restarted), so are
  /// probably all: they are dropped, and `use` is called once more with a fresh one. So it must only read.
  template <class Use>
  auto with_session(Use&& use) -> decltype(use(std::declval<Session&>())) {
    for (bool retried = false;; retried = true) {
      auto session = take();
      if (!session) return std::move(session).error();
      auto result = use(**session);
      const bool lost = !(*session)->usable();
      give_back(std::move(*session));
      if (!lost || retried) return result;
    }
  }

 private:
  Result<std::unique_ptr<Session>> take() {
    {
      std::unique_lock lock(mutex_);
      if (!freed_.wait_for(lock, kSessionWait, [this] { return free_slots_ > 0; }))
        return Error{ErrorCode::store_unavailable, "all " + std::to_string(size_) + " reader connections are busy", true, {}};
      --free_slots_;
      if (!idle_.empty()) {
        auto session = std::move(idle_.back());
        idle_.pop_back();
        return session;
      }
    }
    auto opened = open_();
    if (!opened) give_back(nullptr);
    return opened;
  }

  void give_back(std::unique_ptr<Session> session) {
    {
      const std::lock_guard lock(mutex_);
      ++free_slots_;
      if (session && session->usable()) idle_.push_back(std::move(session));
      else idle_.clear();
    }
    freed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t free_slots_;
  const std::size_t size_;
  std::vector<std::unique_ptr<Session>> idle_;
  OpenSession open_;
};

}  // namespace troupe::store
