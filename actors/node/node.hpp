// A node: its actors, started in order and stopped in order, and the gateway to them.
//
//   start   take the shards ─► load the kill switches and the workflows ─► spawn the tree ─► take over open jobs (in
//   the background) stop    refuse new work ─► assign nothing more, let tasks end within the grace ─► stop the rest ─►
//           wait until every outcome is durable ─► commit ─► quit
//
// The tree, and what happens when one of it fails:
//
//   node ─┬─ persistence   never fails for want of the database (it waits); any other failure ends the node
//         ├─ completion    ends the node: those who wait for a commit would never know
//         ├─ timer         ends the node: what waits would never wake
//         ├─ broker        ends the node: its queue is lost; the runs offer their tasks again after the restart
//         ├─ workers       what one had is lost and retried (the broker tells the runs); it is started again, within
//         │                bounds (worker_keeper.hpp)
//         ├─ schedules     ends the node: nothing would be begun by the clock
//         └─ supervisor    ends the node
//              └─ job ─ run   a failing run is loaded again from the store; one that fails for ever ends as `poison`
//
// "Ends the node" means the process exits with an error and is started again by whoever runs it: the store has the
// truth. To start the broker alone again would need every run to hand in its tasks once more, and every worker its
// slots: a second way to recover, which would be tried only on the worst day. A process is back within a second.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/child/child_executor.hpp"
#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/forecast/forecast.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/ingress/workflow_catalog.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/node/worker_keeper.hpp"
#include "actors/persistence/committer.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/retention/retention_sweeper.hpp"
#include "actors/run/live_board.hpp"
#include "actors/switches/kill_switches.hpp"
#include "actors/timer/timers.hpp"
#include "actors/worker/worker_actor.hpp"

namespace troupe {

/// What the node stands on. All outlive it; whatever may still call a task's sink must be gone before it is destroyed.
struct NodePorts {
  Clock& clock;
  Random& random;
  StoreReader& reader;
  BlobStore& blobs;
  EvaluatorFactory& evaluators;
  Metrics& metrics;
  Log& log;
};

/// Waits until it has come, or the time is over; true if it has. `came` waits no longer than it is told.
using WaitFor = std::function<bool(const std::function<bool(Millis)>& came, Millis time)>;

struct NodeOptions {
  std::string name = "node";
  std::vector<ShardId> shards;  ///< to take over; ascending
  std::vector<WorkerOptions> workers;
  Secrets* secrets = nullptr;         ///< outlives the node; null: there are none
  std::size_t blocking_threads = 4;   ///< for reads and blobs; 0: blocking calls run on the caller's thread (tests)
  BlockingPool::Runner run_blocking;  ///< where there are no threads: takes the calls instead (tests)
  std::size_t blocking_queue = 10'000;
  std::size_t scheduler_threads = 0;  ///< 0: as many as there are cores
  bool testing = false;               ///< CAF's deterministic scheduler and virtual clock; nothing is detached
  WaitFor wait;  ///< how stop() waits where time is virtual (tests); without, it does not wait then
  GatewayOptions gateway;
  FindTimeZone time_zone = find_utc;  ///< for schedules
  RetentionOptions retention{.period = Millis(0)};
  FairRulesPtr fair_rules = std::make_shared<FairRules>();  ///< of queues for workers, and of concurrency limits
  std::size_t old_version_bytes = kOldVersionBytes;         ///< of definitions; what is in use is kept beside it
  std::function<void(std::string why)> failed;  ///< an actor that must not fail has failed; called on an actor's thread
};

class Node {
 public:
  using Writers = std::vector<std::unique_ptr<StoreWriter>>;

  /// Takes the shards, divides them among the writers (one to kWritersMax), and starts the actors. Open jobs are taken
  /// over in the background; new ones are welcome at once.
  static Result<std::unique_ptr<Node>> start(NodePorts ports, Writers writers, NodeOptions options);
  ~Node();

  /// From now on schedules begin jobs. Not before the workflows are as they are to be.
  void begin_schedules();

  Gateway& gateway() { return *gateway_; }
  const NodeHealth& health() const { return health_; }
  caf::actor_system& system() { return *system_; }
  const NodeActors& actors() const { return actors_; }
  NodeContext& context() { return *context_; }

  /// Graceful: returns when everything that was decided is committed and every actor has quit; the executors are let go
  /// of. Idempotent.
  void stop(Millis grace);
  /// After stop: when it returns, no request to the gateway is at work any more, and none is begun.
  void close_gateway() { blocking_->close(); }

 private:
  Node(NodePorts ports, NodeOptions options);
  Result<Done> begin(Writers writers);
  Result<std::vector<std::unique_ptr<Committer>>> make_committers(Writers writers);
  /// Of what was taken: those that their last owner had handed back.
  void note_handed_back(const std::vector<ShardState>& before, const std::vector<ShardState>& taken);
  void spawn_actors(std::vector<std::unique_ptr<Committer>> committers);
  void spawn_schedules(const std::vector<Schedule>& schedules);
  void guard();
  /// Takes over the open jobs with ids after `after` and up to `before`; goes on later when the store cannot be read.
  void recover_shard(ShardId shard, JobId after, const JobId& before);
  /// One sweep of retention after its period, and so on.
  void sweep_later();
  /// Of a graceful stop: until tasks have ended or are stopped, and what was decided is committed; then the shards are
  /// handed back, unless something does not stop.
  void wait_for_work(Millis grace);
  /// Waits for it; blocks.
  Result<Done> commit_and_wait(const PersistPtr& change);

  NodeOptions options_;
  NodeHealth health_;
  EventHub events_;
  LiveBoard board_;
  Forecast forecast_;
  Timers timers_;
  WorkflowCatalog workflows_;
  ConcurrencyGate gate_;
  std::atomic<std::size_t> shards_to_recover_{0};
  std::set<ShardId> handed_back_;  ///< shards whose last owner stopped in good order
  KillSwitches switches_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<BlockingPool> blocking_;  ///< joined before the system goes: its work sends messages
  std::unique_ptr<NodeContext> context_;
  NodeActors actors_;
  CompletionActor completion_;
  std::unique_ptr<NodeGateway> gateway_;
  std::shared_ptr<ChildExecutor> children_;    ///< of `workflow` steps
  std::unique_ptr<RetentionSweeper> sweeper_;  ///< one sweep at a time, on the blocking pool
  bool stopped_ = false;
};

}  // namespace troupe
