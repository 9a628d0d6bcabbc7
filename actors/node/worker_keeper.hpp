// Keeps the workers of a node alive: starts them, and starts one that died again, as often as its budget allows.
//
//   running ── dies ──► restarting ── pause ──► running            what it had is lost: the broker tells the runs
//      ▲                    └── too often ──► given up             nobody does its steps; they wait, all others go on
//      └───────────────── after the window ───────┘
//
// Not an actor, because the gateway reads it at any time, and because it must answer while every worker is stuck.
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/node/restart_budget.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/worker/worker_actor.hpp"

namespace troupe {

class WorkerKeeper : public std::enable_shared_from_this<WorkerKeeper> {
 public:
  WorkerKeeper(NodeContext& node, caf::actor_system& system, BrokerActor broker);

  void start(const WorkerOptions& worker);
  /// In place of the one that is there, which is told to end, and whose steps are lost. False: there is no such worker.
  bool restart(const std::string& name);
  /// Nobody is started any more, and those that are there are told to end. Lets go of the executors.
  void stop();

  struct Kept {
    WorkerActor actor;  ///< none while it is not running
    ActorView view;     ///< all but what only the actor itself can tell
  };
  std::vector<Kept> list();
  /// What an operator should know of.
  std::vector<std::string> warnings();

 private:
  struct Worker {
    WorkerOptions options;
    WorkerActor actor;
    ActorCondition condition = ActorCondition::running;
    RestartBudget budget;
    std::uint64_t restarts = 0;
    std::uint64_t turn = 0;  ///< which of the starts that were planned still counts
    std::string last_error;
    Timestamp failed_at = kNever, next_start_at = kNever;
  };

  Worker* find(const std::string& name);
  WorkerActor spawn(Worker& worker);
  /// Without the lock: it may be dead already, and then says so at once.
  void watch(std::size_t index, const WorkerActor& actor);
  void died(std::size_t index, const caf::actor_addr& actor, const caf::error& reason);
  void start_again(std::size_t index, std::uint64_t turn);

  NodeContext& node_;
  caf::actor_system& system_;
  BrokerActor broker_;
  std::mutex mutex_;
  std::vector<Worker> workers_;
  bool stopped_ = false;
};

}  // namespace troupe
