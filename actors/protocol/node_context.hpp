// What every actor of a node may reach besides other actors: ports, and the few shared objects that are not actors
// because they are read from many threads at once. Made once by the node; outlives all actors.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "actors/persistence/admission.hpp"
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

/// Whether the node can take work, and why not. Written by the persistence actors and the node, read by the gateway.
struct NodeHealth {
  std::atomic<int> writers_away{0};  ///< committers that cannot write
  std::atomic<int> writers_full{0};  ///< those of them for want of room on the database's disk
  std::atomic<bool> fenced{false};
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> changes_waiting{0};  ///< asked of persistence and not yet answered
  Admission admission;
  std::atomic<std::size_t> runs_live{0};  ///< held by the supervisor, or admitted and on the way to it
  InFlight outcomes;                      ///< of attempts: reported, and the run's answer to it not yet durable

  bool store_writable() const { return writers_away == 0; }
  bool disk_full() const { return writers_full > 0; }
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
