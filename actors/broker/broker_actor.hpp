// Gives ready tasks to workers with a free slot.
//
//   run ── TaskOffer ──► queue (fair) ── AssignTask ──► worker        a slot is held from here …
//   run ── WithdrawTask ──► queued: TaskGone to the run               … until SlotFree, or the worker's end
//                           assigned: StopTaskMessage to the worker
//
// What a kill switch has stopped (node_context: KillSwitches) is held aside instead of being assigned, and goes back to
// its old place when that is released. A switch that kills stops what is assigned, too: its run is told first, so that
// it knows why; an undoing, which a run cannot give up, is offered again instead, and held.
//
// One queue for each step type, because a worker serves some types only and a full one must not block the others.
// The queue is soft state: after a crash the runs, which are the truth, offer their tasks again.
#pragma once

#include <map>
#include <unordered_map>

#include "actors/broker/held_tasks.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "troupe/domain/fair_queue.hpp"

namespace troupe {

struct BrokerState {
  struct WorkerEntry {
    RegisterWorker worker;
    std::size_t busy = 0;
  };
  struct Assignment {
    TaskOfferPtr offer;
    WorkerActor worker;
    bool is_due_again = false;  ///< stopped, but still to be done
  };

  NodeContext* node = nullptr;
  std::map<StepType, FairQueue<TaskOfferPtr>> queues;
  HeldTasks held;
  std::vector<WorkerEntry> workers;
  std::unordered_map<TaskKey, Assignment> assigned;
  bool assigning = true;
  std::function<void()> idle;  ///< set while stopping: to be called when nothing is assigned
  static inline const char* name = "broker";
};

BrokerActor::behavior_type broker_actor(BrokerActor::stateful_pointer<BrokerState> self, NodeContext* node);

}  // namespace troupe
