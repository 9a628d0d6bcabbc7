// Every actor of a node, and what it takes: the map of the whole in one page.
//
//                  ┌──────────────► PersistenceActor ◄───────────────┐
//   NodeGateway ───┤  (Persist)      one transaction a batch         │ (Persist)
//                  └─► SupervisorActor ──► JobActor ──► RunActor ────┤
//                        adopts, loads,     a job's      decides     │ (TaskOffer)       (AssignTask)
//                        rests jobs         runs         and applies └─────► BrokerActor ─────► WorkerActor ──►
//                        Executor
//                                              TimerActor ─(Wake)─► RunActor ◄───(TaskStarting, TaskEnded)───┘
//
// All messages to a run go through the supervisor and its job, except the answers of workers, broker, timer and
// persistence. Nobody waits: every message is one-way, and what is waited for is kept in the waiter's own map.
#pragma once

#include "actors/persistence/change_queue.hpp"
#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

struct TaskOffer;
/// Broker to worker: a slot's worth of work.
struct AssignTask {
  std::shared_ptr<const TaskOffer> offer;
};

/// Turns everything that waits in its queue into one transaction. Detached; owns one StoreWriter.
using PersistenceActor = caf::typed_actor<caf::reacts_to<Flush>,   // changes have come
                                          caf::reacts_to<Drain>>;  // answer when all before is done

/// Tells what became of changes, so that the persistence thread does nothing but commit.
using CompletionActor = caf::typed_actor<caf::reacts_to<CompletionsPtr>>;

/// Works on tasks in its slots, through an executor for each step type it serves.
using WorkerActor = caf::typed_actor<caf::reacts_to<AssignTask>,
                                     caf::reacts_to<TaskAdmitted>,  // the committed start of a task
                                     caf::reacts_to<StopTaskMessage>,
                                     caf::reacts_to<TaskFinished>,  // from its executor
                                     caf::reacts_to<StopOverdue>>;  // to itself

/// Worker to run: it begins now (or waits for TaskAdmitted, where the start is committed first).
struct TaskStarting {
  TaskKey task;
  std::string worker_name;
  WorkerActor worker;
};

/// Carries one run through its workflow. Spawned by its job only.
using RunActor = caf::typed_actor<caf::reacts_to<Persisted>,  // what became of its decision
                                  caf::reacts_to<TaskStarting>, caf::reacts_to<TaskProgress>,
                                  caf::reacts_to<TaskPreview>, caf::reacts_to<TaskLog>, caf::reacts_to<TaskEndedPtr>,
                                  caf::reacts_to<TaskGone>,  // it is not running and will not
                                  caf::reacts_to<Wake>,      // a timer of its is due
                                  caf::reacts_to<TurnCame>,  // it was held, and may begin
                                  caf::reacts_to<CancelRequestPtr>,
                                  caf::reacts_to<RetryRequestPtr>>;  // answered here unless it has ended

/// Run to broker: a task that is ready.
struct TaskOffer {
  Task task;
  Millis timeout{0};  ///< of the attempt, from its start; the worker sets the task's deadline by it
  RunActor run;
  std::uint8_t priority = 5;
  Timestamp since;             ///< when it became ready; of a task that is offered again, too
  bool commits_start = false;  ///< the worker waits for TaskAdmitted
};
using TaskOfferPtr = std::shared_ptr<const TaskOffer>;

/// Run to broker: stop this task, wherever it is. If it is nowhere, the run is told TaskGone.
struct WithdrawTask {
  TaskKey task;
  RunActor run;
};

/// Worker to broker: what it can do.
struct RegisterWorker {
  WorkerActor worker;
  std::string name;
  std::vector<StepType> types;
  std::size_t slots = 1;
};

/// Gives tasks to workers, by turns (domain/fair_queue.hpp). Its queue is soft: runs are the truth.
using BrokerActor =
    caf::typed_actor<caf::reacts_to<TaskOfferPtr>, caf::reacts_to<WithdrawTask>, caf::reacts_to<RegisterWorker>,
                     caf::reacts_to<SlotFree>, caf::reacts_to<StopAssigning>, caf::reacts_to<StopAllTasks>>;

/// Timers to timer: something is due before all else. It says not when: two may overtake each other.
struct EarlierTimer {};
/// To itself.
struct Tick {
  std::uint64_t generation = 0;
};

/// Fires what is due of the node's Timers.
using TimerActor = caf::typed_actor<caf::reacts_to<EarlierTimer>, caf::reacts_to<Tick>>;

/// Owns a job's runs: spawns them, starts the next one on a retry, has a broken one loaded again.
using JobActor = caf::typed_actor<caf::reacts_to<CancelRequestPtr>, caf::reacts_to<RetryRequestPtr>,
                                  caf::reacts_to<RetryFrom>,  // the run has ended: begin another
                                  caf::reacts_to<RetryPrepared>,
                                  caf::reacts_to<Persisted>,  // of a retry
                                  caf::reacts_to<RunRested>>;

/// Looks after all live jobs of the node: one JobActor each, loaded when needed and rested when idle.
using SupervisorActor =
    caf::typed_actor<caf::reacts_to<AdoptJob>, caf::reacts_to<CancelJobMessage>, caf::reacts_to<RetryJobMessage>,
                     caf::reacts_to<JobLoaded>, caf::reacts_to<JobRested>, caf::reacts_to<JobBroken>,
                     caf::reacts_to<ScanParked>, caf::reacts_to<ParkedScanned>, caf::reacts_to<AllAdopted>,
                     caf::reacts_to<Rest>>;  // let go of all jobs, and quit

/// One way to the store: changes go into the queue, and the actor is told.
struct Persistence {
  PersistenceActor actor;
  std::shared_ptr<ChangeQueue> queue;
};

/// The ways to the store: each shard's changes go through one and the same.
class PersistenceActors {
 public:
  PersistenceActors() = default;
  explicit PersistenceActors(std::vector<Persistence> writers) : writers_(std::move(writers)) {}

  /// Asks for a change to be made durable; its `done` tells.
  void commit(NodeContext& node, PersistPtr change) const;
  /// Recovery tells what is open.
  void tell(OpenJobsFound found) const { of(found.shard).queue->tell(std::move(found)); }
  auto begin() const { return writers_.begin(); }
  auto end() const { return writers_.end(); }
  std::size_t size() const { return writers_.size(); }

 private:
  const Persistence& of(ShardId shard) const { return writers_[writer_of(shard, writers_.size())]; }

  std::vector<Persistence> writers_;
};

/// The actors of a node that others send to. Made once by the node; outlives them.
struct NodeActors {
  PersistenceActors persistence;
  BrokerActor broker;
  SupervisorActor supervisor;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::AssignTask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskStarting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskOfferPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::WithdrawTask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RegisterWorker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::EarlierTimer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Tick)
