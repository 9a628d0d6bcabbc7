#include "actors/broker/broker_actor.hpp"

#include <algorithm>

#include "actors/forecast/forecast.hpp"
#include "actors/switches/kill_switches.hpp"
#include "codec/unavailable.hpp"

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

SwitchedWork work_of(const NodeContext& node, const TaskOffer& offer) {
  return {offer.workflow_key, offer.task.client_id, kOnlyPool, node.node_name};
}

bool is_stopped(const NodeContext& node, const TaskOffer& offer) {
  return node.switches.holding(work_of(node, offer)) != nullptr;
}

/// True if the task must wait for a kill switch's release, and does from now on.
bool hold(Self self, const TaskOfferPtr& offer) {
  if (!is_stopped(*self->state.node, *offer)) return false;
  self->state.held.add(offer);
  self->send(offer->run, TaskHeld{offer->task.key});
  return true;
}

void assign(Self self, BrokerState::WorkerEntry& entry, const TaskOfferPtr& offer, Millis waited) {
  ++entry.busy;
  self->state.node->forecast.queues.taken(offer->task.type, waited);
  self->state.assigned[offer->task.key] = {offer, entry.worker.worker};
  self->send(entry.worker.worker, AssignTask{offer});
}

std::shared_ptr<Queue>& queue_of(BrokerState& state, StepType type) {
  std::shared_ptr<Queue>& queue = state.queues[type];
  if (!queue) queue = std::make_shared<Queue>(state.node->fair_rules);
  return queue;
}

void push(BrokerState& state, const std::shared_ptr<Queue>& queue, const TaskOfferPtr& offer) {
  state.queued[offer->task.key] = {queue, queue->push(offer, offer->priority, offer->task.client_id, offer->ready_at),
                                   offer, ++state.queued_so_far};
  ++state.depths[{offer->task.type, offer->priority}];
  state.node->forecast.queues.entered(offer->task.key, offer->task.type, offer->priority, offer->task.client_id);
}

void note_taken(BrokerState& state, const TaskOffer& offer) {
  const auto depth = state.depths.find({offer.task.type, offer.priority});
  if (--depth->second == 0) state.depths.erase(depth);
  state.node->forecast.queues.left(offer.task.key, offer.task.type);
}

TaskOfferPtr pop(BrokerState& state, Queue& queue) {
  TaskOfferPtr next = *queue.pop(state.node->clock.now());
  state.queued.erase(next->task.key);
  note_taken(state, *next);
  return next;
}

/// Gives the one after it.
BrokerState::AllQueued::iterator take_out(BrokerState& state, BrokerState::AllQueued::iterator queued) {
  note_taken(state, *queued->second.queue->remove(queued->second.place));
  return state.queued.erase(queued);
}

void assign_queued(Self self, StepType type) {
  BrokerState& state = self->state;
  const std::shared_ptr<Queue> queue = queue_of(state, type);
  while (state.assigning && !queue->empty()) {
    BrokerState::WorkerEntry* worker = free_worker(state, type);
    if (worker == nullptr) break;
    const TaskOfferPtr next = pop(state, *queue);
    if (!hold(self, next)) assign(self, *worker, next, state.node->clock.now() - next->ready_at);
  }
}

void offer(Self self, const TaskOfferPtr& offer) {
  BrokerState& state = self->state;
  if (state.assigned.contains(offer->task.key)) return;  // offered again: it is at work already
  if (const auto found = state.queued.find(offer->task.key); found != state.queued.end())
    take_out(state, found);  // offered again, by a run that was loaded again
  if (state.stopping.hold(offer) || hold(self, offer)) return;
  const std::shared_ptr<Queue> queue = queue_of(state, offer->task.type);
  if (queue->empty() && state.assigning) {
    if (auto* worker = free_worker(state, offer->task.type)) return assign(self, *worker, offer, Millis(0));
  }
  push(state, queue, offer);
}

/// Something that was in the way of others is out of it.
void make_way(Self self, const TaskKey& stopped) {
  for (const TaskOfferPtr& waiting : self->state.stopping.remove(stopped)) offer(self, waiting);
}

void withdraw(Self self, const WithdrawTask& withdrawal) {
  BrokerState& state = self->state;
  if (const auto found = state.assigned.find(withdrawal.task); found != state.assigned.end()) {
    found->second.is_due_again = false;
    found->second.is_given_up = true;
    if (!found->second.is_stuck) state.stopping.add(withdrawal.task);
    self->send(found->second.worker, StopTaskMessage{withdrawal.task});
    return;
  }
  TaskOfferPtr offer = state.held.take(withdrawal.task);
  if (!offer) offer = state.stopping.take(withdrawal.task);
  if (const auto found = state.queued.find(withdrawal.task); found != state.queued.end()) {
    offer = found->second.offer;
    take_out(state, found);
  }
  if (offer && may_be_at_work(*offer) && state.assigning) {
    if (auto* worker = free_worker(state, offer->task.type)) {
      assign(self, *worker, offer, state.node->clock.now() - offer->ready_at);
      return withdraw(self, withdrawal);
    }
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
  state.node->forecast.queues.worker_came(registration.types, registration.slots);
  const std::shared_ptr<Queue> shared = queue_of(state, registration.types.front());
  for (StepType type : registration.types) {
    const std::shared_ptr<Queue> before = std::exchange(queue_of(state, type), shared);
    while (before != shared && !before->empty()) push(state, shared, pop(state, *before));
  }
  assign_queued(self, registration.types.front());
}

void slot_free(Self self, const SlotFree& free) {
  BrokerState& state = self->state;
  const auto found = state.assigned.find(free.task);
  if (found == state.assigned.end()) return;
  const BrokerState::Assignment was = std::move(found->second);
  state.assigned.erase(found);
  for (auto& entry : state.workers) {
    if (entry.worker.worker != was.worker) continue;
    --entry.busy;
    state.node->forecast.queues.freed(was.offer->task.type);
    assign_queued(self, entry.worker.types.front());
    break;
  }
  make_way(self, free.task);
  if (was.is_due_again && free.is_undone) {
    if (was.offer->may_be_repeated)
      offer(self, was.offer);
    else
      self->send(was.offer->run, TaskGone{free.task, /*is_due_again=*/true});
  }
  if (state.idle && state.assigned.empty()) std::exchange(state.idle, nullptr)();
}

void slot_stuck(Self self, const TaskKey& task) {
  const auto found = self->state.assigned.find(task);
  if (found == self->state.assigned.end()) return;
  found->second.is_stuck = true;
  const bool is_due_again = std::exchange(found->second.is_due_again, false);
  self->send(found->second.offer->run, TaskGone{task, is_due_again});
  make_way(self, task);
}

/// What waits in a queue and is stopped is held from now on: then a run that is cancelled has it back without a search.
void hold_queued(Self self, const KillSwitch& by) {
  BrokerState& state = self->state;
  std::vector<std::pair<std::uint64_t, TaskOfferPtr>> covered;
  for (const auto& [task, queued] : state.queued)
    if (covers(by, work_of(*state.node, *queued.offer))) covered.emplace_back(queued.number, queued.offer);
  std::sort(covered.begin(), covered.end());  // held in the order in which they came
  for (const auto& [number, offer] : covered)
    if (hold(self, offer)) take_out(state, state.queued.find(offer->task.key));
}

void kill(Self self, const KillSwitchPtr& by) {
  BrokerState& state = self->state;
  for (auto& [task, assignment] : state.assigned) {
    if (!covers(*by, work_of(*state.node, *assignment.offer))) continue;
    assignment.is_due_again = task.compensation && !assignment.is_given_up && !assignment.is_stuck;
    self->send(assignment.offer->run, KillRun{by});
    self->send(assignment.worker, StopTaskMessage{task});
  }
  hold_queued(self, *by);
}

void switches_changed(Self self, const SwitchesChanged& change) {
  BrokerState& state = self->state;
  for (const TaskOfferPtr& free :
       state.held.take_if([&](const TaskOffer& offer) { return !is_stopped(*state.node, offer); }))
    push(state, queue_of(state, free->task.type), free);
  if (change.kill) kill(self, change.kill);
  for (auto& [type, queue] : state.queues) assign_queued(self, type);
}

/// A worker died: what it had is lost, and its runs are told so.
void worker_down(Self self, const caf::actor_addr& source) {
  BrokerState& state = self->state;
  std::erase_if(state.workers, [&](const auto& entry) {
    if (entry.worker.worker.address() != source) return false;
    state.node->forecast.queues.worker_left(entry.worker.types, entry.worker.slots);
    return true;
  });
  std::vector<TaskKey> lost;
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
    lost.push_back(it->first);
    it = state.assigned.erase(it);
  }
  for (const TaskKey& task : lost) make_way(self, task);
  if (state.idle && state.assigned.empty()) std::exchange(state.idle, nullptr)();
}

/// What a run that is gone had in hand: nobody would start it, stop it, or take its outcome.
void abandon(Self self, const caf::actor_addr& run) {
  BrokerState& state = self->state;
  state.held.take_if([&](const TaskOffer& held) { return held.run.address() == run; });
  state.stopping.abandon(run);
  for (auto queued = state.queued.begin(); queued != state.queued.end();)
    queued = queued->second.offer->run.address() == run ? take_out(state, queued) : std::next(queued);
  for (auto& [task, assignment] : state.assigned) {
    if (assignment.offer->run.address() != run) continue;
    assignment.is_given_up = true;
    assignment.is_due_again = false;
    if (!assignment.is_stuck) state.stopping.add(task);
    self->send(assignment.worker, StopTaskMessage{task, /*is_abandoned=*/true});
  }
}

ActorView describe(const BrokerState& state) {
  ActorView view;
  view.waiting = state.queued.size() + state.stopping.waiting();
  for (const auto& [of, depth] : state.depths) view.queues.push_back({of.first, of.second, depth});
  view.busy = state.assigned.size();
  return view;
}

}  // namespace

BrokerActor::behavior_type broker_actor(Self self, NodeContext* node) {
  self->state.node = node;
  self->set_down_handler([=](caf::down_msg& down) { worker_down(self, down.source); });
  return {
      [=](const TaskOfferPtr& ready) { offer(self, ready); },
      [=](const WithdrawTask& withdrawal) { withdraw(self, withdrawal); },
      [=](const RegisterWorker& registration) { add_worker(self, registration); },
      [=](const SlotFree& free) { slot_free(self, free); },
      [=](const SlotStuck& stuck) { slot_stuck(self, stuck.task); },
      [=](const SwitchesChanged& change) { switches_changed(self, change); },
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
      [=](const AbandonRun& gone) { abandon(self, gone.run); },
      [=](const RetireWorker& retired) { worker_down(self, retired.worker.address()); },
      [=](const Probe& probe) { answer_probe(self, probe, describe(self->state)); },
  };
}

}  // namespace troupe
