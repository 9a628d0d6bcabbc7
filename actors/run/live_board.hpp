// What runs are doing right now, before any of it is durable: that a task is running, how far it is. Written by run
// actors, laid over the stored state by reads. Lost with the process, on purpose.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "troupe/base/id.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

struct LiveTask {
  double fraction = 0;
  std::string message;
  Timestamp since = kNever;
};

struct LiveRun {
  std::map<std::pair<StepIndex, ItemIndex>, LiveTask> tasks;
  std::optional<LiveTask> undoing;  ///< things are undone one at a time
};

class LiveBoard {
 public:
  void update(const TaskKey& key, LiveTask task);
  void progress(const TaskKey& key, double fraction, std::string message);
  void remove(const TaskKey& key);
  void remove(const RunId& run);
  std::optional<LiveRun> find(const RunId& run) const;
  /// A worker has a task of it.
  bool is_running(const RunId& run) const;
  /// All of those.
  std::vector<RunId> running() const;

 private:
  struct Part {
    mutable std::mutex mutex;
    std::unordered_map<RunId, LiveRun> runs;
  };
  Part& part(const RunId& run) { return parts_[std::hash<RunId>()(run) % parts_.size()]; }
  const Part& part(const RunId& run) const { return parts_[std::hash<RunId>()(run) % parts_.size()]; }

  std::array<Part, 16> parts_;
};

}  // namespace troupe
