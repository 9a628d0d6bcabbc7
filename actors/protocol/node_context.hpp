// What every actor of a node may reach besides other actors: ports, and the few shared objects that are not actors
// because they are read from many threads at once. Made once by the node; outlives all actors.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "actors/protocol/admission.hpp"
#include "actors/protocol/in_flight.hpp"
#include "actors/protocol/live_jobs.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/domain/evaluator.hpp"
#include "troupe/domain/fair_rules.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/log.hpp"
#include "troupe/port/metrics.hpp"
#include "troupe/port/secrets.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

class BlockingPool;     // node/blocking_pool.hpp: threads for calls that block
class EventHub;         // ingress/event_hub.hpp: live events to whoever watches
class Forecast;         // forecast/forecast.hpp: when runs will end
class Timers;           // timer/timers.hpp: what is due when
class LiveBoard;        // run/live_board.hpp: what runs are doing right now, before it is durable
class WorkflowCatalog;  // ingress/workflow_catalog.hpp: compiled definitions
class ConcurrencyGate;  // concurrency/concurrency_gate.hpp: which runs may be under way
class KillSwitches;     // switches/kill_switches.hpp: what an operator has stopped

/// What keeps changes from the store; the greater, the more there is to say about it.
enum class StoreObstacle : std::uint8_t { none, away, read_only, full };

/// Of one writer. Its persistence actor writes it.
struct WriterHealth {
  static constexpr Millis::rep kNoCommit = -1;

  std::atomic<StoreObstacle> obstacle{StoreObstacle::none};
  std::atomic<Millis::rep> commit_began{kNoCommit};  ///< by Clock::monotonic: of the one under way
};
inline constexpr std::size_t kWritersMax = 2;

/// Whether the node can take work, and why not. Written by the persistence actors and the node, read by the gateway.
struct NodeHealth {
  std::array<WriterHealth, kWritersMax> writers;
  std::atomic<bool> fenced{false};
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> changes_waiting{0};  ///< asked of persistence and not yet answered
  Admission admission;
  LiveJobs live;
  InFlight outcomes;  ///< of attempts: reported, and the run's answer to it not yet durable

  /// The worst of the writers. One whose commit has not been answered for `silence` counts as away: it is given up much
  /// later (a slow disk is no reason to break it off), but clients need not wait for that.
  StoreObstacle obstacle(Millis now, Millis silence) const {
    StoreObstacle worst = StoreObstacle::none;
    for (const WriterHealth& writer : writers) {
      const Millis::rep began = writer.commit_began;
      if (began != WriterHealth::kNoCommit && now - Millis(began) > silence)
        worst = std::max(worst, StoreObstacle::away);
      worst = std::max(worst, writer.obstacle.load());
    }
    return worst;
  }
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
  Forecast& forecast;
  Timers& timers;
  WorkflowCatalog& workflows;
  KillSwitches& switches;
  NodeHealth& health;
  FairRulesPtr fair_rules;
  ConcurrencyGate& gate;
  Secrets* secrets = nullptr;  ///< null: there are none
};

}  // namespace troupe
