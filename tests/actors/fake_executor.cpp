#include "actors/fake_executor.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::test {
namespace {

TaskOutcome success(const std::string& outputs, const std::string& log = "") {
  return {TaskOutputs{Document(outputs), {}}, log};
}
TaskOutcome failure(bool retryable) { return {Error{ErrorCode::http_failed, "it failed", retryable, {}}, {}}; }

}  // namespace

void FakeExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  std::optional<TaskOutcome> outcome;
  {
    std::unique_lock lock(mutex_);
    started_.push_back(task.step);
    traces_.push_back(task.traceparent);
    const std::string step = task.step;
    configs_[step] = task.config.view();
    if (hangs_once_.erase(step) > 0) released_.wait(lock, [this] { return is_released_; });
    outcome = immediate(step);
    if (!outcome) running_.push_back({std::move(task), sink});
    if (throws_once_.erase(step) > 0) throw std::runtime_error("the executor of " + step + " is broken");
  }
  if (outcome) sink->done(*std::move(outcome));
}

void FakeExecutor::stop(const TaskKey& key) {
  std::shared_ptr<TaskSink> sink;
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(running_.begin(), running_.end(), [&](const Running& running) { return running.task.key == key; });
    if (found == running_.end()) return;
    stopped_.push_back(found->task.step);
    if (never_stops_.contains(found->task.step)) return;
    sink = found->sink;
    running_.erase(found);
  }
  sink->done({Error{ErrorCode::cancelled, "stopped", false, {}}, {}});
}

std::optional<TaskOutcome> FakeExecutor::immediate(const std::string& step) {
  if (int& left = fails_[step]; left > 0) {
    --left;
    return failure(/*retryable=*/true);
  }
  if (ends_at_once_.contains(step)) return success("{}");
  return std::nullopt;
}

void FakeExecutor::ends_at_once(const std::string& step) {
  const std::lock_guard lock(mutex_);
  ends_at_once_.insert(step);
}

void FakeExecutor::fails(const std::string& step, int times) {
  const std::lock_guard lock(mutex_);
  fails_[step] = times;
}

void FakeExecutor::never_stops(const std::string& step) {
  const std::lock_guard lock(mutex_);
  never_stops_.insert(step);
}

void FakeExecutor::gives_assets(const std::string& step, std::size_t images) {
  const std::lock_guard lock(mutex_);
  assets_[step] = images;
}

void FakeExecutor::throws_once(const std::string& step) {
  const std::lock_guard lock(mutex_);
  throws_once_.insert(step);
}

void FakeExecutor::hangs_once(const std::string& step) {
  const std::lock_guard lock(mutex_);
  hangs_once_.insert(step);
}

void FakeExecutor::release() {
  {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
  }
  released_.notify_all();
}

void FakeExecutor::answers_twice(const std::string& step) {
  const std::lock_guard lock(mutex_);
  answers_twice_.insert(step);
}

std::optional<FakeExecutor::Running> FakeExecutor::take(const std::string& step) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(running_.begin(), running_.end(), [&](const Running& running) { return running.task.step == step; });
  if (found == running_.end()) return std::nullopt;
  Running taken = std::move(*found);
  running_.erase(found);
  return taken;
}

bool FakeExecutor::complete(const std::string& step, const std::string& outputs, const std::string& log) {
  const auto running = take(step);
  if (!running) return false;
  TaskOutcome outcome = success(outputs, log);
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < assets_[step]; ++i)
      outcome.result->assets.push_back({"image.png", "image/png", 1, Digest{static_cast<std::uint8_t>(i + 1)}, 8, 8});
  }
  if (answers_twice_.contains(step)) running->sink->done(outcome);
  running->sink->done(std::move(outcome));
  return true;
}

bool FakeExecutor::fail(const std::string& step, bool retryable) {
  const auto running = take(step);
  if (running) running->sink->done(failure(retryable));
  return running.has_value();
}

bool FakeExecutor::fail_with(const std::string& step, Error error, const std::string& log) {
  const auto running = take(step);
  if (running) running->sink->done({std::move(error), log});
  return running.has_value();
}

bool FakeExecutor::stop_late(const std::string& step, const std::string& log) {
  return fail_with(step, {ErrorCode::cancelled, "stopped", false, {}}, log);
}

std::shared_ptr<TaskSink> FakeExecutor::sink_of(const std::string& step) const {
  const std::lock_guard lock(mutex_);
  for (const Running& running : running_)
    if (running.task.step == step) return running.sink;
  return nullptr;
}

bool FakeExecutor::progress(const std::string& step, double fraction, const std::string& message) {
  const auto sink = sink_of(step);
  if (sink) sink->progress(fraction, message);
  return sink != nullptr;
}

bool FakeExecutor::log(const std::string& step, const std::string& stream, const std::string& text) {
  const auto sink = sink_of(step);
  if (sink) sink->log(stream, text);
  return sink != nullptr;
}

bool FakeExecutor::preview(const std::string& step, const std::string& media_type, const std::string& bytes) {
  const auto sink = sink_of(step);
  if (sink) sink->preview(media_type, bytes);
  return sink != nullptr;
}

std::string FakeExecutor::config(const std::string& step) const {
  const std::lock_guard lock(mutex_);
  const auto found = configs_.find(step);
  return found == configs_.end() ? "" : found->second;
}

std::vector<std::string> FakeExecutor::started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

std::vector<std::string> FakeExecutor::traces() const {
  const std::lock_guard lock(mutex_);
  return traces_;
}

std::vector<std::string> FakeExecutor::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

std::vector<std::string> FakeExecutor::running() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> steps;
  for (const Running& running : running_) steps.push_back(running.task.step);
  return steps;
}

std::size_t FakeExecutor::count_started(const std::string& step) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count(started_.begin(), started_.end(), step));
}

void FakeExecutor::lose_all() {
  const std::lock_guard lock(mutex_);
  running_.clear();
}

}  // namespace troupe::test
