// What is said of when runs will end: what was observed, how the queues stand, and the estimator (domain) over both.
// Soft: after a restart nothing is known, and it is learned again.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/forecast/task_queues.hpp"
#include "actors/run/live_board.hpp"
#include "troupe/domain/estimator.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

/// What was observed of a workflow, for several threads.
class SharedHistory {
 public:
  template <class Tell>
  void tell(Tell tell) {
    const std::lock_guard lock(mutex_);
    tell(history_);
  }
  template <class Ask>
  auto ask(Ask ask) const {
    const std::lock_guard lock(mutex_);
    return ask(history_);
  }

 private:
  friend class Forecast;
  std::atomic<Millis::rep> asked_at_{0};
  mutable std::mutex mutex_;
  WorkflowHistory history_;
};
using HistoryPtr = std::shared_ptr<SharedHistory>;

/// Of a `delay` step whose definition tells it: how long, or until when.
struct KnownDelay {
  std::optional<Millis> duration;
  std::optional<Timestamp> until;
};
using KnownDelays = std::unordered_map<StepIndex, KnownDelay>;

/// A run, and what is known of it besides its state.
struct ForecastSubject {
  const RunState& state;
  const WorkflowDefinition& workflow;
  const KnownDelays& delays;
  int priority;
  const std::string& client;
  const LiveRun* live = nullptr;  ///< null: nothing of it runs
};

/// Thread-safe.
class Forecast {
 public:
  static constexpr std::size_t kHistoriesMost = 1'000;  ///< workflows; at most some 20 MB
  static constexpr std::size_t kAnswersMost = 16'384;

  /// Of a workflow in all its versions. Beyond the bound, that which was not asked for longest is forgotten.
  HistoryPtr history_of(const std::string& workflow, Timestamp now);

  struct Said {
    Timestamp end;
    std::optional<Millis> remaining;  ///< before it was corrected; nothing: nobody can tell, or it is a guess
  };
  Said say(const ForecastSubject& run, const SharedHistory& history, Timestamp now) const;
  /// Where its first task is that waits for a worker; nothing if none does.
  std::optional<QueuePlace> place_of(const ForecastSubject& run, Timestamp now) const;

  /// What was said of a job when it was accepted, so that it can be said again. The last ones are kept.
  void remember(const JobId& job, Timestamp said);
  std::optional<Timestamp> recall(const JobId& job) const;

  TaskQueues queues;

 private:
  void forget_oldest();

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, HistoryPtr> histories_;
  mutable std::mutex answers_mutex_;
  std::vector<std::pair<JobId, Timestamp>> answers_;  ///< by the id's hash; the last one of a place stays
};

}  // namespace troupe
