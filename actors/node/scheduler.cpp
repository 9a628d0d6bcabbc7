#include "actors/node/scheduler.hpp"

#include <utility>

namespace troupe {

void PassOn::Queue::put(caf::resumable* actor) {
  {
    const std::lock_guard lock(mutex_);
    actors_.push_back(actor);
  }
  filled_.notify_one();
}

caf::resumable* PassOn::Queue::take() {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [this] { return !actors_.empty(); });
  auto* actor = actors_.front();
  actors_.pop_front();
  return actor;
}

std::deque<caf::resumable*> PassOn::Queue::take_all() {
  const std::lock_guard lock(mutex_);
  return std::exchange(actors_, {});
}

thread_local PassOn::Here PassOn::here_;

void PassOn::hand_over() {
  if (here_.worker == nullptr) return;
  if (auto* next = std::exchange(here_.worker->next, nullptr)) here_.queue->put(next);
}

caf::actor_system::module* NodeScheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new NodeScheduler(system);  // the actor system owns its modules
}

void NodeScheduler::Clock::set_ordinary_timeout(time_point at, caf::abstract_actor* actor, caf::atom_value type,
                                                std::uint64_t id) {
  clock_.set_ordinary_timeout(at, actor, type, id);
}

void NodeScheduler::Clock::set_request_timeout(time_point at, caf::abstract_actor* actor, caf::message_id id) {
  clock_.set_request_timeout(at, actor, id);
}

void NodeScheduler::Clock::set_multi_timeout(time_point at, caf::abstract_actor* actor, caf::atom_value type,
                                             std::uint64_t id) {
  clock_.set_multi_timeout(at, actor, type, id);
}

void NodeScheduler::Clock::cancel_ordinary_timeout(caf::abstract_actor* actor, caf::atom_value type) {
  clock_.cancel_ordinary_timeout(actor, type);
}

void NodeScheduler::Clock::cancel_request_timeout(caf::abstract_actor* actor, caf::message_id id) {
  clock_.cancel_request_timeout(actor, id);
}

// A time-out that was set all the same keeps its actor's memory until it is due, and then finds it gone.
void NodeScheduler::Clock::cancel_timeouts(caf::abstract_actor*) {}

void NodeScheduler::Clock::schedule_message(time_point at, caf::strong_actor_ptr receiver,
                                            caf::mailbox_element_ptr content) {
  clock_.schedule_message(at, std::move(receiver), std::move(content));
}

void NodeScheduler::Clock::schedule_message(time_point at, caf::group target, caf::strong_actor_ptr sender,
                                            caf::message content) {
  clock_.schedule_message(at, std::move(target), std::move(sender), std::move(content));
}

void NodeScheduler::Clock::cancel_all() { clock_.cancel_all(); }

}  // namespace troupe
