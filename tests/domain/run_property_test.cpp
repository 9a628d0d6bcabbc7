// The state machine of a run under random workflows, outcomes, timers, cancels and crashes. The rules are in run_ledger.cpp
// (events and state) and run_rules.cpp (refusals and effects); each says its own name when it is broken.
#include "domain/run_world.hpp"

namespace troupe {
namespace {

TEST(RunProperty, EveryRunKeepsTheRulesAndEnds) {
  check_property([](Choices& choices) { RunWorld(choices).play(); });
}

}  // namespace
}  // namespace troupe
