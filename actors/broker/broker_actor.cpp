#include "actors/broker/broker_actor.hpp"

#include <algorithm>

namespace troupe {
namespace {

using Self = BrokerActor::stateful_pointer<BrokerState>;
using Queue = BrokerState::Queue;

/// The worker of this type with the most free slots; none if all are busy.
BrokerState::WorkerEntry* free_worker(BrokerState& state, StepType type) {
  BrokerState::WorkerEntry* best = nullptr;
  std::size_t best_free = 0;
  for (auto& entry : state.workers) {
    const auto& types = entry.worker.types;
    if (std::find(types.begin(), types.end(), type) == types.end()) continue;
    const std::size_t free = entry.worker.slots - std::min(entry.busy, entry.worker.slots);
    if (free > best_free) {
      best = &entry;
      best_free = free;
    }
  }
  return best;
}

void assign(Self self, BrokerState::WorkerEntry& entry, const TaskOfferPtr& offer) {
  ++entry.busy;
  self->state.assigned[offer->task.key] = {offer, entry.worker.worker};
  self->send(entry.worker.worker, AssignTask{offer});
}

std::shared_ptr<Queue>& queue_of(BrokerState& state, StepType type) {
  std::shared_ptr<Queue>& queue = state.queues[type];
  if (!queue) queue = std::make_shared<Queue>(state.node->fair_rules);
  return queue;
}

void push(BrokerState& state, const std::shared_ptr<Queue>& queue, const TaskOfferPtr& offer) {
  state.queued[offer->task.key] = {queue, queue->push(offer, offer->priority, offer->task.client_id, offer->since)};
}

void assign_queued(Self self, StepType type) {
  BrokerState& state = self->state;
  const std::shared_ptr<Queue> queue = queue_of(state, type);
  while (state.assigning && !queue->empty()) {
    BrokerState::WorkerEntry* worker = free_worker(state, type);
    if (worker == nullptr) break;
    const TaskOfferPtr offer = *queue->pop(state.node->clock.now());
    state.queued.erase(offer->task.key);
    assign(self, *worker, offer);
  }
}

void offer(Self self, const TaskOfferPtr& offer) {
  BrokerState& state = self->state;
  if (state.assigned.contains(offer->task.key)) return;  // offered again: it is at work already
  const std::shared_ptr<Queue> queue = queue_of(state, offer->task.type);
  if (queue->empty() && state.assigning) {
    if (auto* worker = free_worker(state, offer->task.type)) return assign(self, *worker, offer);
  }
  if (const auto found = state.queued.find(offer->task.key); found != state.queued.end())
    found->second.queue->remove(found->second.place);  // offered again, by a run that was loaded again
  push(state, queue, offer);
}

void withdraw(Self self, const WithdrawTask& withdrawal) {
  BrokerState& state = self->state;
  if (const auto found = state.assigned.find(withdrawal.task); found != state.assigned.end()) {
    self->send(found->second.worker, StopTaskMessage{withdrawal.task});
    return;
  }
  if (const auto found = state.queued.find(withdrawal.task); found != state.queued.end()) {
    found->second.queue->remove(found->second.place);
    state.queued.erase(found);
  }
  self->send(withdrawal.run, TaskGone{withdrawal.task});
}

/// The types of a worker share its slots, so they share a queue; what came before it is moved there.
void add_worker(Self self, const RegisterWorker& registration) {
  BrokerState& state = self->state;
  for (const auto& entry : state.workers) {
    const auto serves = [&](StepType type) {
      return std::find(entry.worker.types.begin(), entry.worker.types.end(), type) != entry.worker.types.end();
    };
    TROUPE_ASSERT(entry.worker.types == registration.types ||
                      std::none_of(registration.types.begin(), registration.types.end(), serves),
                  "workers serve the same types or none in common");
  }
  self->monitor(registration.worker);
  state.workers.push_back({registration, 0});
  const std::shared_ptr<Queue> shared = queue_of(state, registration.types.front());
  for (StepType type : registration.types) {
    const std::shared_ptr<Queue> before = std::exchange(queue_of(state, type), shared);
    while (before != shared && !before->empty()) push(state, shared, *before->pop(state.node->clock.now()));
  }
  assign_queued(self, registration.types.front());
}

void slot_free(Self self, const TaskKey& task) {
  BrokerState& state = self->state;
  const auto found = state.assigned.find(task);
  if (found == state.assigned.end()) return;
  for (auto& entry : state.workers) {
    if (entry.worker.worker != found->second.worker) continue;
    --entry.busy;
    assign_queued(self, entry.worker.types.front());
    break;
  }
  state.assigned.erase(found);
  if (state.idle && state.assigned.empty()) std::exchange(state.idle, nullptr)();
}

/// A worker died: what it had is lost, and its runs are told so.
void worker_down(Self self, const caf::actor_addr& source) {
  BrokerState& state = self->state;
  std::erase_if(state.workers, [&](const auto& entry) { return entry.worker.worker.address() == source; });
  for (auto it = state.assigned.begin(); it != state.assigned.end();) {
    if (it->second.worker.address() != source) {
      ++it;
      continue;
    }
    auto ended = std::make_shared<TaskEnded>();
    ended->in_flight = state.node->health.outcomes.take();
    ended->task = it->first;
    ended->started_at = ended->ended_at = state.node->clock.now();
    ended->outputs = Error{ErrorCode::worker_lost, "the worker died while it had the step", true, {}};
    self->send(it->second.offer->run, TaskEndedPtr(ended));
    it = state.assigned.erase(it);
  }
  if (state.idle && state.assigned.empty()) std::exchange(state.idle, nullptr)();
}

}  // namespace

BrokerActor::behavior_type broker_actor(Self self, NodeContext* node) {
  self->state.node = node;
  self->set_down_handler([=](caf::down_msg& down) { worker_down(self, down.source); });
  return {
      [=](const TaskOfferPtr& ready) { offer(self, ready); },
      [=](const WithdrawTask& withdrawal) { withdraw(self, withdrawal); },
      [=](const RegisterWorker& registration) { add_worker(self, registration); },
      [=](const SlotFree& free) { slot_free(self, free.task); },
      [=](const StopAssigning& stop) {
        self->state.assigning = false;
        if (self->state.assigned.empty())
          stop.idle();
        else
          self->state.idle = stop.idle;
      },
      [=](StopAllTasks) {
        for (const auto& [task, assignment] : self->state.assigned)
          self->send(assignment.worker, StopTaskMessage{task});
      },
  };
}

}  // namespace troupe
