// Gives ready tasks to workers with a free slot.
//
//   run ── TaskOffer ──► queue (fair) ── AssignTask ──► worker        a slot is held from here …
//   run ── WithdrawTask ──► queued: TaskGone to the run               … until SlotFree, or the worker's end
//                           assigned: StopTaskMessage to the worker
//
// What a kill switch has stopped (node_context: KillSwitches) is held aside instead of being assigned, and goes back to
// its old place when that is released. A switch that kills stops what is assigned first: its run is told, so that it
// knows why; an undoing, which a run cannot give up, is offered again instead, and held. Where its executor does not
// stop (SlotStuck), the run is told that it is due again, and offers it under a later epoch.
//
// What a run has given up (its time was over) goes on until it has stopped. Its next attempt, and all undoing of the
// run, wait for that (StoppingTasks); without end for a job of a `workflow` step, which undoes first what it did.
//
// One queue for each pool of slots, that is, for the step types that the same workers serve: whatever competes for a
// slot competes in one queue, and a full pool does not block the others. Workers serve the same types or none in
// common. Which client and which priority has the next turn: domain/fair_queue.hpp. A task has waited since it became
// ready. The queue is soft state: after a crash the runs, which are the truth, offer their tasks again.
#pragma once

#include <map>
#include <unordered_map>

#include "actors/broker/held_tasks.hpp"
#include "actors/broker/stopping_tasks.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "troupe/domain/fair_queue.hpp"

namespace troupe {

struct BrokerState {
  using Queue = FairQueue<TaskOfferPtr>;
  struct WorkerEntry {
    RegisterWorker worker;
    std::size_t busy = 0;
  };
  struct Queued {
    std::shared_ptr<Queue> queue;
    Queue::Place place;
    TaskOfferPtr offer;
    std::uint64_t number = 0;  ///< it was the how-manieth to come
  };
  using AllQueued = std::unordered_map<TaskKey, Queued>;
  struct Assignment {
    TaskOfferPtr offer;
    WorkerActor worker;
    bool is_due_again = false;  ///< stopped, but still to be done
    bool is_stuck = false;      ///< it does not stop
    bool is_given_up = false;   ///< by its run, or with it: whoever takes that one's place offers its own
  };

  NodeContext* node = nullptr;
  std::map<StepType, std::shared_ptr<Queue>> queues;  ///< types of one pool have the same
  AllQueued queued;
  std::uint64_t queued_so_far = 0;
  std::map<std::pair<StepType, int>, std::size_t> depths;  ///< of what is queued, by type and priority; none is 0
  HeldTasks held;
  StoppingTasks stopping;
  std::vector<WorkerEntry> workers;
  std::unordered_map<TaskKey, Assignment> assigned;
  bool assigning = true;
  std::function<void()> idle;  ///< set while stopping: to be called when nothing is assigned
  static inline const char* name = "broker";
};

BrokerActor::behavior_type broker_actor(BrokerActor::stateful_pointer<BrokerState> self, NodeContext* node);

}  // namespace troupe
