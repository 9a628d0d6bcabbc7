#include "actors/run/live_board.hpp"

namespace troupe {
void LiveBoard::update(const TaskKey& key, LiveTask task) {
  Part& part = this->part(key.run);
  const std::lock_guard lock(part.mutex);
  LiveRun& run = part.runs[key.run];
  if (key.compensation)
    run.undoing = std::move(task);
  else
    run.tasks[{key.step, key.item}] = std::move(task);
}

void LiveBoard::progress(const TaskKey& key, double fraction, std::string message) {
  Part& part = this->part(key.run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(key.run);
  if (found == part.runs.end()) return;
  LiveRun& run = found->second;
  const auto task = run.tasks.find({key.step, key.item});
  if (key.compensation ? !run.undoing : task == run.tasks.end()) return;
  LiveTask& live = key.compensation ? *run.undoing : task->second;
  live.fraction = fraction;
  live.message = std::move(message);
}

void LiveBoard::remove(const TaskKey& key) {
  Part& part = this->part(key.run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(key.run);
  if (found == part.runs.end()) return;
  LiveRun& run = found->second;
  if (key.compensation)
    run.undoing.reset();
  else
    run.tasks.erase({key.step, key.item});
  if (run.tasks.empty() && !run.undoing) part.runs.erase(found);
}

void LiveBoard::remove(const RunId& run) {
  Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  part.runs.erase(run);
}

bool LiveBoard::is_running(const RunId& run) const {
  const Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(run);
  return found != part.runs.end() && !found->second.tasks.empty();
}

std::vector<RunId> LiveBoard::running() const {
  std::vector<RunId> running;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    for (const auto& [id, run] : part.runs)
      if (!run.tasks.empty()) running.push_back(id);
  }
  return running;
}

std::optional<LiveRun> LiveBoard::find(const RunId& run) const {
  const Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(run);
  if (found == part.runs.end()) return std::nullopt;
  return found->second;
}

}  // namespace troupe
