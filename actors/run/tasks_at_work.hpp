// What workers have of one run, as far as they have said. Lost with the process: the next one knows only what was
// committed.
//
//   TaskStarting ─► at work ─► its worker's report ─► over
//                      └─► given up (its time is over, or it is silent) ─► its worker's report: what it wrote ─► over
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "actors/protocol/interfaces.hpp"

namespace troupe {

class TasksAtWork {
 public:
  struct Entry {
    std::string worker;
    Timestamp since;
    Timestamp sign_of_life;  ///< the last one
    WorkerActor waits;       ///< for its start to be committed; null: it goes on by itself
    bool is_given_up = false;
  };

  void begin(const TaskStarting& starting, bool waits, Timestamp now) {
    entries_[starting.task] = {starting.worker_name, now, now, waits ? starting.worker : WorkerActor(), false};
  }
  Entry* find(const TaskKey& task) {
    const auto found = entries_.find(task);
    return found == entries_.end() ? nullptr : &found->second;
  }
  const Entry* find(const TaskKey& task) const { return const_cast<TasksAtWork*>(this)->find(task); }
  /// Its worker is done with it. Gives what was known.
  std::optional<Entry> end(const TaskKey& task) {
    auto node = entries_.extract(task);
    return node ? std::optional(std::move(node.mapped())) : std::nullopt;
  }
  /// The run does not wait for it any more.
  void give_up(const TaskKey& task) {
    if (Entry* entry = find(task)) entry->is_given_up = true;
  }
  bool has_given_up() const {
    return std::ranges::any_of(entries_, [](const auto& entry) { return entry.second.is_given_up; });
  }

 private:
  std::map<TaskKey, Entry> entries_;
};

}  // namespace troupe
