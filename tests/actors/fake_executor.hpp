// An executor whose work lasts until the test says so. By step name it can also fail a number of times, end at once,
// ignore being stopped, or throw. Serves any step type; thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "troupe/port/executor.hpp"

namespace troupe::test {

class FakeExecutor final : public Executor {
 public:
  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;

  // --- how steps behave; unless told otherwise they run until complete() or fail(), and stop when told to
  void ends_at_once(const std::string& step);
  /// Its next `times` attempts fail at once with a retryable error; the ones after behave as told.
  void fails(const std::string& step, int times);
  void never_stops(const std::string& step);
  /// When it is completed it has made so many images.
  void gives_assets(const std::string& step, std::size_t images);
  /// The next attempt throws out of start(), with its work under way.
  void throws_once(const std::string& step);
  /// The start of its next attempt does not return before release().
  void hangs_once(const std::string& step);
  void release();
  /// Its end is told twice.
  void answers_twice(const std::string& step);

  // --- what the test does; the oldest running task of the step is meant. False: none runs
  bool complete(const std::string& step, const std::string& outputs = "{}", const std::string& log = "");
  bool fail(const std::string& step, bool retryable);
  bool fail_with(const std::string& step, Error error, const std::string& log = "");
  /// It was told to stop, and does now.
  bool stop_late(const std::string& step, const std::string& log);
  bool progress(const std::string& step, double fraction, const std::string& message = "");
  bool log(const std::string& step, const std::string& stream, const std::string& text);
  bool preview(const std::string& step, const std::string& media_type, const std::string& bytes);

  // --- what was seen, in order, by step name
  std::vector<std::string> started() const;
  std::vector<std::string> stopped() const;
  std::vector<std::string> running() const;
  std::size_t count_started(const std::string& step) const;
  /// Of the newest task of the step.
  std::string config(const std::string& step) const;
  /// The traceparents of what was started.
  std::vector<std::string> traces() const;

  /// Drops everything that runs without a word, as the death of the process does.
  void lose_all();

 private:
  struct Running {
    Task task;
    std::shared_ptr<TaskSink> sink;
  };

  /// The outcome that the step was told to have at once.
  std::optional<TaskOutcome> immediate(const std::string& step);
  std::optional<Running> take(const std::string& step);
  std::shared_ptr<TaskSink> sink_of(const std::string& step) const;

  mutable std::mutex mutex_;
  std::set<std::string> ends_at_once_, never_stops_, throws_once_, answers_twice_, hangs_once_;
  std::condition_variable released_;
  bool is_released_ = false;
  std::map<std::string, int> fails_;
  std::map<std::string, std::size_t> assets_;
  std::map<std::string, std::string> configs_;
  std::vector<Running> running_;
  std::vector<std::string> started_, stopped_, traces_;
};

}  // namespace troupe::test
