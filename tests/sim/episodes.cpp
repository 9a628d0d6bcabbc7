#include "sim/episodes.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace troupe::sim {
namespace {

const World* g_under_way = nullptr;  // for the handler, which is given nothing
Settings g_settings;

/// An assertion of the node failed: what a report would have said.
void on_abort(int) {
  if (g_under_way != nullptr) std::fputs(describe(g_settings, g_under_way->report()).c_str(), stderr);
  std::_Exit(3);
}

}  // namespace

Report play_episode(const Settings& settings) {
  World world(settings);
  g_under_way = &world;
  g_settings = settings;
  const auto before = std::signal(SIGABRT, on_abort);
  Report report = world.play();
  std::signal(SIGABRT, before);
  g_under_way = nullptr;
  return report;
}

std::string describe(const Settings& settings, const Report& report) {
  std::string text;
  for (const std::string& line : report.tail) text += line + "\n";
  text += "seed " + std::to_string(settings.seed) + " after " + std::to_string(report.simulated.count()) + " ms: ";
  text += report.finding ? report.finding->rule + ": " + report.finding->what : std::string("aborted");
  text += "\nrepeat it: make sim SEED=" + std::to_string(settings.seed) + " EPISODES=1\n";
  return text;
}

bool run_episodes(const Plan& plan) {
  const auto begin = std::chrono::steady_clock::now();
  const std::clock_t cpu_begin = std::clock();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  std::uint64_t jobs = 0, events = 0, digest = 0, episodes = 0;
  Millis simulated{0};
  std::map<std::string, std::uint64_t> seen;
  Settings settings = plan.settings;
  settings.seed = plan.first_seed;
  while (plan.episodes != 0 ? episodes < plan.episodes : elapsed() < plan.seconds) {
    const Report report = play_episode(settings);
    jobs += report.jobs;
    events += report.events;
    simulated += report.simulated;
    digest = digest * 31 + report.digest;
    ++episodes;
    for (const auto& [what, times] : report.seen) seen[what] += times;
    if (report.finding) {
      std::fputs(describe(settings, report).c_str(), stdout);
      return false;
    }
    ++settings.seed;
  }
  const double seconds = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
  std::printf(
      "seeds %llu to %llu: %llu jobs, %llu events, %.1f simulated hours in %.1f s of processor time: %.0f jobs/s, %.0f "
      "events/s\n",
      static_cast<unsigned long long>(plan.first_seed), static_cast<unsigned long long>(settings.seed - 1),
      static_cast<unsigned long long>(jobs), static_cast<unsigned long long>(events),
      static_cast<double>(simulated.count()) / 3.6e6, seconds, static_cast<double>(jobs) / seconds,
      static_cast<double>(events) / seconds);
  for (const auto& [what, times] : seen)
    std::printf("  %-28s %llu\n", what.c_str(), static_cast<unsigned long long>(times));
  std::printf("digest %016llx\n", static_cast<unsigned long long>(digest));
  return true;
}

}  // namespace troupe::sim
