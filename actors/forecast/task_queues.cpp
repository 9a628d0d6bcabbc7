#include "actors/forecast/task_queues.hpp"

#include <algorithm>

namespace troupe {
namespace {

constexpr std::uint32_t kTimeMost = UINT32_MAX;

std::uint32_t whole_ms(Millis time) {
  return static_cast<std::uint32_t>(std::clamp<Millis::rep>(time.count(), 0, kTimeMost));
}

}  // namespace

void TaskQueues::worker_came(const std::vector<StepType>& types, std::size_t slots) {
  Lane* lane = nullptr;
  for (const StepType type : types)
    if (lane == nullptr) lane = lane_of(type);
  if (lane == nullptr) lane = &lanes_.emplace_back();
  for (const StepType type : types) lanes_by_type_.at(static_cast<std::size_t>(type)) = lane;
  lane->slots += slots;
}

void TaskQueues::worker_left(const std::vector<StepType>& types, std::size_t slots) {
  if (types.empty()) return;
  if (Lane* lane = lane_of(types.front())) lane->slots -= slots;
}

void TaskQueues::entered(const TaskKey& task, StepType type, int priority, const std::string& client) {
  Lane* lane = lane_of(type);
  if (lane == nullptr || is_instant(type)) return;
  const std::lock_guard lock(lane->mutex);
  Lane::Level& level = lane->levels.at(static_cast<std::size_t>(priority));
  Lane::Client& own = level.clients[client];
  if (!lane->tickets.try_emplace(task, Lane::Ticket{priority, client, own.entered}).second) return;
  ++own.entered;
  ++level.waiting;
  ++lane->waiting;
}

void TaskQueues::left(const TaskKey& task, StepType type) {
  Lane* lane = lane_of(type);
  if (lane == nullptr || is_instant(type)) return;
  const std::lock_guard lock(lane->mutex);
  const auto ticket = lane->tickets.extract(task);
  if (!ticket) return;
  Lane::Level& level = lane->levels.at(static_cast<std::size_t>(ticket.mapped().priority));
  const auto own = level.clients.find(ticket.mapped().client);
  if (++own->second.left == own->second.entered) level.clients.erase(own);
  --level.waiting;
  --lane->waiting;
}

void TaskQueues::taken(StepType type, Millis waited) {
  Lane* lane = lane_of(type);
  if (lane == nullptr || is_instant(type)) return;
  ++lane->busy;
  const std::lock_guard lock(lane->mutex);
  lane->waits.add(whole_ms(waited));
  lane->usual_wait = static_cast<Millis::rep>(lane->waits.mean());
}

void TaskQueues::freed(StepType type) {
  Lane* lane = lane_of(type);
  if (lane != nullptr && !is_instant(type)) --lane->busy;
}

void TaskQueues::held(StepType type, Millis time) {
  Lane* lane = lane_of(type);
  if (lane == nullptr || is_instant(type)) return;
  const std::lock_guard lock(lane->mutex);
  lane->holds.add(whole_ms(time));
  lane->hold = static_cast<Millis::rep>(lane->holds.mean());
}

TaskQueues::Coming::Coming(const TaskQueues& queues, const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    const auto* dispatch = std::get_if<DispatchTask>(&effect);
    if (dispatch == nullptr || is_instant(dispatch->type)) continue;
    Lane* lane = queues.lane_of(dispatch->type);
    if (lane == nullptr) continue;
    ++lane->coming;
    if (lanes_.empty() || lanes_.back().first != lane) lanes_.emplace_back(lane, 0);
    ++lanes_.back().second;
  }
}

void TaskQueues::Coming::arrive() {
  for (const auto& [lane, tasks] : std::exchange(lanes_, {})) lane->coming -= tasks;
}

std::size_t TaskQueues::Lane::before(int priority, std::uint64_t own, std::size_t clients) const {
  std::size_t urgent = 0;
  for (std::size_t i = static_cast<std::size_t>(priority) + 1; i < levels.size(); ++i) urgent += levels[i].waiting;
  const std::size_t alike = levels[static_cast<std::size_t>(priority)].waiting;
  // The clients take turns: in each round before its own all of them, in its own half of the others.
  return urgent + std::min<std::size_t>(alike, own * clients + (clients - std::min<std::size_t>(clients, 1)) / 2);
}

std::size_t TaskQueues::before_newcomer(StepType type, int priority, const std::string& client) const {
  const Lane* lane = lane_of(type);
  if (lane == nullptr) return 0;
  const std::size_t coming = lane->coming;
  if (lane->waiting == 0) return coming;
  const std::lock_guard lock(lane->mutex);
  const Lane::Level& level = lane->levels.at(static_cast<std::size_t>(priority));
  const auto own = level.clients.find(client);
  const bool is_new = own == level.clients.end();
  return coming + lane->before(priority, is_new ? 0 : own->second.entered - own->second.left,
                               level.clients.size() + (is_new ? 1 : 0));
}

std::optional<std::size_t> TaskQueues::before(const TaskKey& task, StepType type) const {
  const Lane* lane = lane_of(type);
  if (lane == nullptr || lane->waiting == 0) return std::nullopt;
  const std::lock_guard lock(lane->mutex);
  const auto ticket = lane->tickets.find(task);
  if (ticket == lane->tickets.end()) return std::nullopt;
  const auto& [priority, client, number] = ticket->second;
  const Lane::Level& level = lane->levels.at(static_cast<std::size_t>(priority));
  const std::uint64_t left = level.clients.at(client).left;
  const std::size_t before = lane->before(priority, number - std::min(number, left), level.clients.size());
  return std::min(before, lane->waiting - 1);  // it is not before itself
}

Millis TaskQueues::wait_behind(std::size_t before, StepType type, Millis guess) const {
  const Lane* lane = lane_of(type);
  if (lane == nullptr) return Millis(0);
  const std::size_t slots = lane->slots, busy = lane->busy;
  const std::size_t free = slots - std::min(slots, busy);
  if (before < free || slots == 0) return Millis(0);
  const Millis::rep hold = lane->hold;
  return (hold < 0 ? guess : Millis(hold)) * static_cast<Millis::rep>(before - free + 1) /
         static_cast<Millis::rep>(slots);
}

Millis TaskQueues::usual_wait(StepType type) const {
  const Lane* lane = lane_of(type);
  return lane == nullptr ? Millis(0) : Millis(lane->usual_wait);
}

std::size_t TaskQueues::slots(StepType type) const {
  const Lane* lane = lane_of(type);
  return lane == nullptr ? 0 : lane->slots.load();
}

}  // namespace troupe
