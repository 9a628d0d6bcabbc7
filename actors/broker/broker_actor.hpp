// Gives ready tasks to workers with a free slot.
//
//   run ── TaskOffer ──► queue (fair) ── AssignTask ──► worker        a slot is held from here …
//   run ── WithdrawTask ──► queued: TaskGone to the run               … until SlotFree, or the worker's end
//                           assigned: StopTaskMessage to the worker
//
// One queue for each pool of slots, that is, for the step types that the same workers serve: whatever competes for a
// slot competes in one queue, and a full pool does not block the others. Workers serve the same types or none in
// common. Which client and which priority has the next turn: domain/fair_queue.hpp. A task has waited since it became
// ready. The queue is soft state: after a crash the runs, which are the truth, offer their tasks again.
#pragma once

#include <map>
#include <unordered_map>

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
  };
  struct Assignment {
    TaskOfferPtr offer;
    WorkerActor worker;
  };

  NodeContext* node = nullptr;
  std::map<StepType, std::shared_ptr<Queue>> queues;  ///< types of one pool have the same
  std::unordered_map<TaskKey, Queued> queued;
  std::vector<WorkerEntry> workers;
  std::unordered_map<TaskKey, Assignment> assigned;
  bool assigning = true;
  std::function<void()> idle;  ///< set while stopping: to be called when nothing is assigned
  static inline const char* name = "broker";
};

BrokerActor::behavior_type broker_actor(BrokerActor::stateful_pointer<BrokerState> self, NodeContext* node);

}  // namespace troupe
