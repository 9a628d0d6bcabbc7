#include "actors/run/live_board.hpp"

namespace troupe {

void LiveBoard::update(const RunId& run, StepIndex step, ItemIndex item, LiveTask task) {
  Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  part.runs[run].tasks[{step, item}] = std::move(task);
}

void LiveBoard::progress(const RunId& run, StepIndex step, ItemIndex item, double fraction, std::string message) {
  Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(run);
  if (found == part.runs.end()) return;
  const auto task = found->second.tasks.find({step, item});
  if (task == found->second.tasks.end()) return;
  task->second.fraction = fraction;
  task->second.message = std::move(message);
}

void LiveBoard::remove(const RunId& run, StepIndex step, ItemIndex item) {
  Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(run);
  if (found == part.runs.end()) return;
  found->second.tasks.erase({step, item});
  if (found->second.tasks.empty()) part.runs.erase(found);
}

void LiveBoard::remove(const RunId& run) {
  Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  part.runs.erase(run);
}

std::optional<LiveRun> LiveBoard::find(const RunId& run) const {
  const Part& part = this->part(run);
  const std::lock_guard lock(part.mutex);
  const auto found = part.runs.find(run);
  if (found == part.runs.end()) return std::nullopt;
  return found->second;
}

}  // namespace troupe
