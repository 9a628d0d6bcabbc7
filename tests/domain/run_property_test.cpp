// The state machine of a run under random workflows, outcomes, timers, cancels and crashes. The rules are in
// run_ledger.cpp (events and state) and run_rules.cpp (refusals and effects); each says its own name when it is broken.
#include <array>

#include "domain/property.hpp"
#include "domain/run_world.hpp"

namespace troupe {
namespace {

/// How often each kind of event and effect was seen, and each end.
struct Sightings {
  std::array<std::uint64_t, std::variant_size_v<Event>> events{};
  std::array<std::uint64_t, std::variant_size_v<Effect>> effects{};
  std::array<std::uint64_t, 6> ends{};
  std::uint64_t poison = 0;
  std::uint64_t in_doubt = 0;
  std::array<std::uint64_t, 3> resolutions{};
  std::uint64_t undoings_resolved = 0;
  std::uint64_t retries = 0;
  std::uint64_t decisions = 0;

  void note(const Decision& decision, const RunState& after) {
    ++decisions;
    for (const Event& event : decision.events) {
      ++events[event.index()];
      if (const auto* resolved = std::get_if<DoubtResolved>(&event)) {
        ++resolutions[static_cast<std::size_t>(resolved->resolution)];
        undoings_resolved += resolved->task.compensation;
      }
    }
    for (const Effect& effect : decision.effects) {
      ++effects[effect.index()];
      if (!std::holds_alternative<FinishRun>(effect)) continue;
      ++ends[static_cast<std::size_t>(after.status)];
      poison += after.error && after.error->code == ErrorCode::poison;
      retries += after.number > 1;
    }
    in_doubt += waiting_for(after, after.accepted_at) == WaitingFor::approval;
  }
};

TEST(RunProperty, EveryRunKeepsTheRulesAndEnds) {
  check_property([](Choices& choices) { RunWorld(choices).play(); });
}

TEST(RunProperty, TheRandomRunsReachEverythingThatCanHappen) {
  Sightings seen;
  FastRandom seeds(1);
  for (int i = 0; i < 4'000; ++i) {
    const Tape tape = random_tape(seeds.next(), 100);
    Choices choices(tape);
    RunWorld world(choices);
    world.observe(
        [&](const RunState&, const Decision& decision, const RunState& after) { seen.note(decision, after); });
    world.play();
  }
  for (std::size_t i = 0; i < seen.events.size(); ++i) EXPECT_GT(seen.events[i], 100u) << "event " << i;
  for (std::size_t i = 0; i < seen.effects.size(); ++i) EXPECT_GT(seen.effects[i], 100u) << "effect " << i;
  for (Status end : {Status::success, Status::failed, Status::cancelled})
    EXPECT_GT(seen.ends[static_cast<std::size_t>(end)], 100u) << status_text(end);
  EXPECT_GT(seen.poison, 0u);
  EXPECT_GT(seen.in_doubt, 100u);
  for (Resolution resolution : {Resolution::done, Resolution::repeat, Resolution::failed})
    EXPECT_GT(seen.resolutions[static_cast<std::size_t>(resolution)], 30u) << resolution_text(resolution);
  EXPECT_GT(seen.undoings_resolved, 10u);
  EXPECT_GT(seen.retries, 100u);
  RecordProperty("decisions", std::to_string(seen.decisions));
}

}  // namespace
}  // namespace troupe
