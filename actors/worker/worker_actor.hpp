// Works on tasks: one slot each, through the executor of the step's type.
//
//   AssignTask ─► (start committed first?) ─ TaskStarting ─► run ─ TaskAdmitted ─┐
//                └────────────── no ─────────────────────────────────────────────┴─► Executor::start
//
//   A config that names secrets is filled in before that, on the blocking pool (SecretsFilled), and what comes back
//   from such a task is masked (secret_mask.hpp) before anyone else sees it.
//
//   Executor's sink ─► progress, preview, log ─► run (soft)
//                   └► done ─► TaskFinished ─► large bytes to the blob store ─► TaskEnded ─► run, SlotFree ─► broker
//
// A task that was told to stop and does not within limits::kStopDeadline is given up (SlotStuck), and its slot stays
// taken until the executor lets go of it: a stuck executor costs slots, never the run.
//
// An executor that throws has failed its task (`executor_failed`), not its worker. A worker that dies all the same, or
// is replaced, stops what it had; the broker tells the runs.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

/// The executors of a worker, by step type. Shared between workers; executors are thread-safe.
using Executors = std::map<StepType, std::shared_ptr<Executor>>;

struct WorkerOptions {
  std::string name;
  std::size_t slots = 1;
  Executors executors;
  /// Its tasks are jobs of their own, which may take long to undo what they did: they are waited for, however long.
  bool stops_late = false;
};

struct WorkerState {
  struct Running {
    TaskOfferPtr offer;
    Timestamp started_at = kNever;
    bool executing = false;                  ///< false: waits for TaskAdmitted, or for its secrets
    bool filling = false;                    ///< its secrets were asked for
    std::shared_ptr<const SecretMask> mask;  ///< of a task whose config holds secrets
    bool stopping = false;
    bool reported = false;  ///< the run knows the end already (StopOverdue)
  };

  ~WorkerState();

  NodeContext* node = nullptr;
  WorkerOptions options;
  BrokerActor broker;
  std::unordered_map<TaskKey, Running> running;
  static inline const char* name = "worker";
};

WorkerActor::behavior_type worker_actor(WorkerActor::stateful_pointer<WorkerState> self, NodeContext* node,
                                        BrokerActor broker, WorkerOptions options);

}  // namespace troupe
