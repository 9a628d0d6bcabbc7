// Live events, from runs to whoever watches. Not an actor: publishing happens on the runs' threads, watchers' functions
// are called right there (they only queue), and nobody pays when nobody watches.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "troupe/port/gateway.hpp"

namespace troupe {

class EventHub {
 public:
  using Function = std::function<void(const LiveEventPtr&)>;

  /// `function` is called from any thread, in order for the events of one run; it must not block and not unsubscribe.
  /// Dropping the subscription waits for a call under way. The hub outlives its subscriptions.
  std::unique_ptr<Subscription> subscribe(EventFilter filter, Function function);

  /// Does anyone watch this job? Cheap: look before making an event.
  bool watched(const JobId& job) const;
  void publish(const LiveEventPtr& event) const;

 private:
  class Entry;
  struct Watcher {
    EventFilter filter;
    Function function;
  };
  using Watchers = std::unordered_map<std::uint64_t, Watcher>;

  void unsubscribe(std::uint64_t id, const std::optional<JobId>& job);

  mutable std::shared_mutex mutex_;
  std::unordered_map<JobId, Watchers> of_job_;
  Watchers of_all_;
  std::uint64_t next_id_ = 0;
  std::atomic<std::size_t> count_{0};
};

}  // namespace troupe
