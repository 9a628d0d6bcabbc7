// Port: does the work of one step type. Executors never touch the store and know no actors; a worker actor owns the
// task, calls start() and is told by the sink.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

/// A task as its executor sees it.
struct Task {
  TaskKey key;
  JobId job;
  std::string step;
  StepType type = StepType::noop;
  Document config;  ///< evaluated; a JSON object
  std::string client_id;
  std::string traceparent;  ///< W3C; sent on with every outgoing call; may be empty
  Timestamp deadline;       ///< when the run will give up on this attempt (it then calls stop)
};

/// A file that a task made. Its bytes are already in the blob store.
struct NewAsset {
  std::string name;
  std::string media_type;
  std::uint64_t bytes = 0;
  Digest sha256{};
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

struct TaskOutputs {
  Document outputs;              ///< JSON object; absent counts as `{}`. `assets` is added by the worker
  std::vector<NewAsset> assets;  ///< in order
};

/// What came of a task. The log (stdout, stderr, a response's head) is kept whether it succeeded or not.
struct TaskOutcome {
  Result<TaskOutputs> result;
  std::string log;  ///< text, cut at limits::kLogBytes; may be empty
};

/// Told by the executor, from any thread.
class TaskSink {
 public:
  virtual ~TaskSink() = default;
  /// fraction 0 … 1
  virtual void progress(double fraction, std::string_view message) = 0;
  /// A picture of the work so far. Soft: shown to who watches, never stored.
  virtual void preview(std::string_view media_type, std::string bytes) = 0;
  /// Text as it is written; `stream` is stdout, stderr or log. Soft; what is to be kept goes into TaskOutcome::log.
  virtual void log(std::string_view stream, std::string_view text) = 0;
  /// Exactly once, after which the executor has forgotten the task and nothing of it runs.
  virtual void done(TaskOutcome outcome) = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Returns at once. Errors come through the sink. May call done() before it returns only if it did no blocking work.
  virtual void start(Task task, std::shared_ptr<TaskSink> sink) = 0;
  /// Ends the task soon (within limits::kStopDeadline, the generator within 100 ms): its sink gets done() with
  /// `cancelled`, or with the outcome if that was first. Unknown tasks are ignored. Thread-safe.
  virtual void stop(const TaskKey& key) = 0;
  /// As stop(), for a task whose run lost its actor: nobody takes the outcome, and the same attempt is started again
  /// (with a later TaskKey::epoch). What that start will find again, such as a job of its own, may go on.
  virtual void abandon(const TaskKey& key) { stop(key); }
};

}  // namespace troupe
