// A NodeContext without a node, for the parts of one that are plain code: by a clock of the test's, and silent.
#pragma once

#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/fake_ports.hpp"
#include "actors/forecast/forecast.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/ingress/workflow_catalog.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/run/live_board.hpp"
#include "actors/switches/kill_switches.hpp"
#include "actors/timer/timers.hpp"
#include "expr/expr.hpp"

namespace troupe::test {

struct BareContext {
  explicit BareContext(StoreReader& reader)
      : workflows(reader, [](std::string_view) { return true; }),
        node{"node",
             clock,
             random,
             blobs,
             *evaluators,
             metrics,
             log,
             reader,
             blocking,
             events,
             board,
             forecast,
             timers,
             workflows,
             switches,
             health,
             std::make_shared<FairRules>(),
             gate} {}

  ManualClock clock;
  CountingRandom random;
  SilentLog log;
  SilentMetrics metrics;
  NoBlobs blobs;
  std::unique_ptr<EvaluatorFactory> evaluators = make_evaluator_factory();
  BlockingPool blocking{0, 1};
  EventHub events;
  LiveBoard board;
  Forecast forecast;
  Timers timers;
  WorkflowCatalog workflows;
  KillSwitches switches{metrics};
  NodeHealth health;
  ConcurrencyGate gate{std::make_shared<FairRules>(), clock, [](const std::string&) { return 0; }};
  NodeContext node;
};

}  // namespace troupe::test
