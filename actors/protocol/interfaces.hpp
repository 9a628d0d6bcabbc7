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
//
// Every actor answers a Probe (probe.hpp): how it is, for GET /v1/actors.
#pragma once

#include "actors/persistence/change_queue.hpp"
#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/protocol/probe.hpp"
#include "actors/protocol/schedules.hpp"

namespace troupe {

struct TaskOffer;
/// Broker to worker: a slot's worth of work.
struct AssignTask {
  std::shared_ptr<const TaskOffer> offer;
};

/// Turns everything that waits in its queue into one transaction. Detached; owns one StoreWriter.
using PersistenceActor = caf::typed_actor<caf::reacts_to<Flush>,  // changes have come
                                          caf::reacts_to<Drain>,  // answer when all before is done
                                          caf::reacts_to<Probe>>;

/// Tells what became of changes, so that the persistence thread does nothing but commit.
using CompletionActor = caf::typed_actor<caf::reacts_to<CompletionsPtr>, caf::reacts_to<Probe>>;

/// Works on tasks in its slots, through an executor for each step type it serves.
using WorkerActor = caf::typed_actor<caf::reacts_to<AssignTask>,
                                     caf::reacts_to<TaskAdmitted>,  // the committed start of a task
                                     caf::reacts_to<SecretsFilled>, caf::reacts_to<StopTaskMessage>,
                                     caf::reacts_to<TaskFinished>,  // from its executor
                                     caf::reacts_to<StopOverdue>,   // to itself
                                     caf::reacts_to<Probe>>;

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
                                  caf::reacts_to<TaskHeld>,  // it must wait for a kill switch's release
                                  caf::reacts_to<KillRun>,
                                  caf::reacts_to<Wake>,      // a timer of its is due
                                  caf::reacts_to<TurnCame>,  // it was held, and may begin
                                  caf::reacts_to<CommandRequestPtr>,
                                  caf::reacts_to<RetryRequestPtr>,  // answered here unless it has ended
                                  caf::reacts_to<Probe>>;

/// Run to broker: a task that is ready.
struct TaskOffer {
  Task task;
  Millis timeout{0};  ///< of the attempt, from its start; the worker sets the task's deadline by it
  RunActor run;
  std::string workflow_key;
  Timestamp ready_at = kNever;  ///< it has waited since then; of a task that is offered again, too
  std::uint8_t priority = 5;
  bool commits_start = false;   ///< the worker waits for TaskAdmitted
  bool may_be_repeated = true;  ///< once it was begun, without its run's saying so
};
using TaskOfferPtr = std::shared_ptr<const TaskOffer>;
/// Is it perhaps at work already, though no worker of this node has begun it? The job of a step goes on when the node
/// that had the step is gone: whoever stops the step must find that job first.
inline bool may_be_at_work(const TaskOffer& offer) {
  return offer.task.type == StepType::workflow && offer.task.key.epoch > 0;
}

/// Run to broker: stop this task, wherever it is. If it is nowhere, the run is told TaskGone.
struct WithdrawTask {
  TaskKey task;
  RunActor run;
};

/// Job to broker: this run is not there any more (it crashed, or is loaded again). Its tasks are taken back and
/// stopped; nobody is told.
struct AbandonRun {
  caf::actor_addr run;
};

/// Keeper to broker: this worker is replaced. Its tasks are lost, whether it ends or is stuck.
struct RetireWorker {
  WorkerActor worker;
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
                     caf::reacts_to<SlotFree>, caf::reacts_to<SlotStuck>, caf::reacts_to<SwitchesChanged>,
                     caf::reacts_to<StopAssigning>, caf::reacts_to<StopAllTasks>, caf::reacts_to<AbandonRun>,
                     caf::reacts_to<RetireWorker>, caf::reacts_to<Probe>>;

/// Timers to timer: something is due before all else. It says not when: two may overtake each other.
struct EarlierTimer {};
/// To itself.
struct Tick {
  std::uint64_t generation = 0;
};

/// Fires what is due of the node's Timers.
using TimerActor = caf::typed_actor<caf::reacts_to<EarlierTimer>, caf::reacts_to<Tick>, caf::reacts_to<Probe>>;

/// Owns a job's runs: spawns them, starts the next one on a retry, has a broken one loaded again.
using JobActor = caf::typed_actor<caf::reacts_to<CommandRequestPtr>, caf::reacts_to<RetryRequestPtr>,
                                  caf::reacts_to<RetryFrom>,  // the run has ended: begin another
                                  caf::reacts_to<RetryPrepared>,
                                  caf::reacts_to<Persisted>,  // of a retry
                                  caf::reacts_to<RunRested>, caf::reacts_to<Probe>>;

/// Looks after all live jobs of the node: one JobActor each, loaded when needed and rested when idle.
using SupervisorActor =
    caf::typed_actor<caf::reacts_to<AdoptJob>, caf::reacts_to<CommandJobMessage>, caf::reacts_to<RetryJobMessage>,
                     caf::reacts_to<JobLoaded>, caf::reacts_to<JobRested>, caf::reacts_to<JobBroken>,
                     caf::reacts_to<ScanParked>, caf::reacts_to<ParkedScanned>, caf::reacts_to<AllAdopted>,
                     caf::reacts_to<RestartJob>,
                     caf::reacts_to<SwitchesChanged>,  // kills what is live, and then what is not
                     caf::reacts_to<Probe>,
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

class WorkerKeeper;  // node/worker_keeper.hpp

/// The actors of a node that others send to. Made once by the node; outlives them.
struct NodeActors {
  PersistenceActors persistence;
  CompletionActor completion;
  TimerActor timer;
  BrokerActor broker;
  SupervisorActor supervisor;
  ScheduleActor schedules;
  std::shared_ptr<WorkerKeeper> workers;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::AssignTask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskStarting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskOfferPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::WithdrawTask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::AbandonRun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RetireWorker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RegisterWorker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::EarlierTimer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Tick)
