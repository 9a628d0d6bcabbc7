// What every actor of a node may reach besides other actors: ports, and the few shared objects that are not actors
// because they are read from many threads at once. Made once by the node; outlives all actors.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "actors/protocol/in_flight.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/domain/evaluator.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/log.hpp"
#include "troupe/port/metrics.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

class BlockingPool;     // node/blocking_pool.hpp: threads for calls that block
class EventHub;         // ingress/event_hub.hpp: live events to whoever watches
class LiveBoard;        // run/live_board.hpp: what runs are doing right now, before it is durable
class WorkflowCatalog;  // ingress/workflow_catalog.hpp: compiled definitions

/// Whether the node can take work, and why not. Written by the persistence actor and the node, read by the gateway.
struct NodeHealth {
  static constexpr std::int64_t kNoCommit = -1;
  std::atomic<bool> store_writable{true};
  std::atomic<bool> disk_full{false};
  std::atomic<bool> fenced{false};
  std::atomic<std::int64_t> commit_began{kNoCommit};  ///< by Clock::monotonic, in ms: of the one under way
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> changes_waiting{0};  ///< asked of persistence and not yet answered
  std::atomic<std::size_t> runs_live{0};        ///< held by the supervisor, or admitted and on the way to it
  InFlight outcomes;                            ///< of attempts: reported, and the run's answer to it not yet durable
};

struct NodeContext {
  std::string node_name;
  Clock& clock;
  Random& random;
  BlobStore& blobs;
  EvaluatorFactory& evaluators;
  Metrics& metrics;
  Log& log;
  StoreReader& reader;
  BlockingPool& blocking;
  EventHub& events;
  LiveBoard& board;
  WorkflowCatalog& workflows;
  NodeHealth& health;
};

}  // namespace troupe
