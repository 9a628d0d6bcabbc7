#include "actors/broker/broker_actor.hpp"

#include <algorithm>

#include "actors/forecast/forecast.hpp"

namespace troupe {
namespace {

using Self = BrokerActor::stateful_pointer<BrokerState>;

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

void assign(Self self, BrokerState::WorkerEntry& entry, const TaskOfferPtr& offer, bool waited) {
  ++entry.busy;
  self->state.node->forecast.queues.taken(offer->task.type, waited);
  self->state.assigned[offer->task.key] = {offer, entry.worker.worker};
  self->send(entry.worker.worker, AssignTask{offer});
}

void assign_queued(Self self, StepType type) {
  BrokerState& state = self->state;
  const auto queue = state.queues.find(type);
  if (!state.assigning || queue == state.queues.end()) return;
  while (!queue->second.empty()) {
    BrokerState::WorkerEntry* worker = free_worker(state, type);
    if (worker == nullptr) break;
    const Timestamp now = state.node->clock.now();
    const TaskOfferPtr offer = *queue->second.pop(now);
    state.node->forecast.queues.left(offer->task.key, type, now);
    assign(self, *worker, offer, /*waited=*/true);
  }
}

void offer(Self self, const TaskOfferPtr& offer) {
  BrokerState& state = self->state;
  if (state.assigned.contains(offer->task.key)) return;  // offered again: it is at work already
  FairQueue<TaskOfferPtr>& queue = state.queues[offer->task.type];
  if (queue.empty() && state.assigning) {
    if (auto* worker = free_worker(state, offer->task.type)) return assign(self, *worker, offer, /*waited=*/false);
  }
  const Timestamp now = state.node->clock.now();
  queue.push(offer, offer->priority, offer->task.client_id, now);
  state.node->forecast.queues.entered(offer->task.key, offer->task.type, offer->priority, offer->task.client_id, now);
}

void withdraw(Self self, const WithdrawTask& withdrawal) {
  BrokerState& state = self->state;
  if (const auto found = state.assigned.find(withdrawal.task); found != state.assigned.end()) {
    self->send(found->second.worker, StopTaskMessage{withdrawal.task});
    return;
  }
  for (auto& [type, queue] : state.queues) {
    if (!queue.remove([&](const TaskOfferPtr& queued) { return queued->task.key == withdrawal.task; })) continue;
    state.node->forecast.queues.left(withdrawal.task, type, state.node->clock.now());
    break;
  }
  self->send(withdrawal.run, TaskGone{withdrawal.task});
}

void slot_free(Self self, const TaskKey& task) {
  BrokerState& state = self->state;
  const auto found = state.assigned.find(task);
  if (found == state.assigned.end()) return;
  for (auto& entry : state.workers) {
    if (entry.worker.worker != found->second.worker) continue;
    --entry.busy;
    state.node->forecast.queues.freed(found->second.offer->task.type);
    for (StepType type : entry.worker.types) assign_queued(self, type);
    break;
  }
  state.assigned.erase(found);
  if (state.idle && state.assigned.empty()) std::exchange(state.idle, nullptr)();
}

/// A worker died: what it had is lost, and its runs are told so.
void worker_down(Self self, const caf::actor_addr& source) {
  BrokerState& state = self->state;
  std::erase_if(state.workers, [&](const auto& entry) {
    if (entry.worker.worker.address() != source) return false;
    state.node->forecast.queues.worker_left(entry.worker.types, entry.worker.slots);
    return true;
  });
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
    state.node->forecast.queues.freed(it->second.offer->task.type);
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
      [=](const RegisterWorker& registration) {
        self->monitor(registration.worker);
        self->state.workers.push_back({registration, 0});
        node->forecast.queues.worker_came(registration.types, registration.slots);
        for (StepType type : registration.types) assign_queued(self, type);
      },
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
