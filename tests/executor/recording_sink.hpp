// A TaskSink that remembers what it was told and can be waited for.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "troupe/port/executor.hpp"

namespace troupe::testing {

class RecordingSink final : public TaskSink {
 public:
  void progress(double fraction, std::string_view message) override {
    note([&] { progress_.emplace_back(fraction, message); });
  }
  void preview(std::string_view, std::string) override {}
  void log(std::string_view stream, std::string_view text) override {
    note([&] { logs_.emplace_back(stream, text); });
  }
  void done(TaskOutcome outcome) override {
    note([&] { outcomes_.push_back(std::move(outcome)); });
  }

  /// Waits for done().
  TaskOutcome outcome() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !outcomes_.empty(); });
    return outcomes_.front();
  }
  /// Waits until this text was logged to the stream.
  void await_log(std::string_view stream, std::string_view text) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return logged_locked(stream).find(text) != std::string::npos; });
  }
  std::string logged(std::string_view stream) {
    std::lock_guard lock(mutex_);
    return logged_locked(stream);
  }
  std::vector<std::pair<double, std::string>> progress_seen() {
    std::lock_guard lock(mutex_);
    return progress_;
  }
  std::size_t times_done() {
    std::lock_guard lock(mutex_);
    return outcomes_.size();
  }

 private:
  void note(const std::function<void()>& what) {
    std::lock_guard lock(mutex_);
    what();
    changed_.notify_all();
  }
  std::string logged_locked(std::string_view stream) const {
    std::string all;
    for (const auto& [name, text] : logs_)
      if (name == stream) all += text;
    return all;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<double, std::string>> progress_;
  std::vector<std::pair<std::string, std::string>> logs_;
  std::vector<TaskOutcome> outcomes_;
};

}  // namespace troupe::testing
