// Seeds that are played with every `make test`: those that once found something (seeds.txt), some fresh ones, and one
// twice, which must go the same way.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

#include "sim/episodes.hpp"

namespace troupe::sim {
namespace {

std::vector<std::uint64_t> seeds_of_file() {
  std::ifstream file(TROUPE_SIM_SEEDS);
  EXPECT_TRUE(file.good()) << TROUPE_SIM_SEEDS;
  std::vector<std::uint64_t> seeds;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') seeds.push_back(std::stoull(line));
  return seeds;
}

void expect_no_finding(std::uint64_t seed) {
  Settings settings;
  settings.seed = seed;
  settings.trace_kept = 60;
  const Report report = play_episode(settings);
  EXPECT_FALSE(report.finding) << describe(settings, report);
}

TEST(Simulation, KeepsTheRulesForTheSeedsThatOnceBrokeThem) {
  for (const std::uint64_t seed : seeds_of_file()) expect_no_finding(seed);
}

TEST(Simulation, KeepsTheRulesForFreshSeeds) {
  const char* given = std::getenv("TROUPE_TEST_SEED");
  const std::uint64_t first = given != nullptr ? std::stoull(given) : std::random_device()();
  std::cout << "fresh seeds from " << first << "\n";
  for (std::uint64_t seed = first; seed < first + TROUPE_SIM_FRESH && !HasFailure(); ++seed) expect_no_finding(seed);
}

TEST(Simulation, GoesTheSameWayTwiceForOneSeed) {
  Settings settings;
  settings.seed = 7;
  const Report first = play_episode(settings), second = play_episode(settings);
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_EQ(first.events, second.events);
  settings.seed = 8;
  EXPECT_NE(play_episode(settings).digest, first.digest);
}

TEST(Simulation, ReachesWhatItIsMadeFor) {
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Settings settings;
    settings.seed = seed;
    for (const auto& [what, times] : play_episode(settings).seen) seen[what] += times;
  }
  for (const char* what :
       {"node killed", "node stopped", "shards taken over", "clock set", "database outage", "change refused",
        "unknown commit landed", "unknown commit lost", "lost commit landed late", "commit fenced",
        "commit had duplicates", "executor threw", "executor hung", "executor answered twice", "executor did not stop",
        "approval succeeded", "approval rejected", "approval expired", "review refused"})
    EXPECT_GT(seen[what], 0u) << what;
}

/// Of the mutants that the simulator plays itself, those that a few seeds are enough for.
class SimulationMutant : public ::testing::TestWithParam<std::string> {};

TEST_P(SimulationMutant, IsNoticed) {
  Settings settings;
  settings.mutant = *mutant_from_text(GetParam());
  for (settings.seed = 1; settings.seed <= 60; ++settings.seed)
    if (play_episode(settings).finding) return;
  FAIL() << "no checker noticed";
}

INSTANTIATE_TEST_SUITE_P(AtThePorts, SimulationMutant, ::testing::ValuesIn(mutant_names()),
                         [](const auto& mutant) { return mutant.param; });

}  // namespace
}  // namespace troupe::sim
