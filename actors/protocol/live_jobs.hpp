// The live jobs of the node, counted by client: held by the supervisor, or admitted and on the way to it. A client may
// have a share of what the others leave of the most there may be. So one that floods the node never fills it: alone it
// gets `share` percent, two get as much each as the rule leaves them, and whoever comes next still finds room.
//
// (After the dynamic thresholds of shared-memory switches: the bound follows what is free, and needs no list of who
// might come.) Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace troupe {

class LiveJobs {
  using Counts = std::unordered_map<std::string, std::size_t>;

 public:
  /// One live job; over when this is destroyed. Moves only. The counter outlives it.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)), client_(other.client_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(counter_, other.counter_);
      std::swap(client_, other.client_);
      return *this;
    }
    ~Ticket() {
      if (counter_ != nullptr) counter_->give_back(client_);
    }
    explicit operator bool() const { return counter_ != nullptr; }

   private:
    friend class LiveJobs;
    Ticket(LiveJobs& counter, Counts::value_type* client) : counter_(&counter), client_(client) {}
    LiveJobs* counter_ = nullptr;
    Counts::value_type* client_ = nullptr;
  };

  /// A new job wants to come in.
  std::optional<Ticket> admit(const std::string& client, std::size_t most, std::size_t share) {
    const std::lock_guard lock(mutex_);
    Counts::value_type& own = *counts_.try_emplace(client).first;
    const std::size_t others = count_ - own.second;
    const std::size_t room = others < most ? (most - others) * share / 100 : 0;
    if (own.second < std::max<std::size_t>(room, count_ < most ? 1 : 0)) return take(own);
    if (own.second == 0) counts_.erase(own.first);
    return std::nullopt;
  }
  /// One that was accepted before, whatever the limits.
  Ticket take(const std::string& client) {
    const std::lock_guard lock(mutex_);
    return take(*counts_.try_emplace(client).first);
  }

  std::size_t count() const { return count_; }

 private:
  Ticket take(Counts::value_type& own) {
    ++own.second;
    ++count_;
    return Ticket(*this, &own);
  }
  void give_back(Counts::value_type* own) {
    const std::lock_guard lock(mutex_);
    --count_;
    if (--own->second == 0) counts_.erase(own->first);
  }

  std::mutex mutex_;
  Counts counts_;  ///< of clients that have any
  std::atomic<std::size_t> count_{0};
};

}  // namespace troupe
