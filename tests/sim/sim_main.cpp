// The simulator by hand: make sim SEED=… SECONDS=…
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/episodes.hpp"

namespace {

const char* value_of(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], name) == 0) return argv[i + 1];
  return nullptr;
}

std::uint64_t number_of(int argc, char** argv, const char* name, std::uint64_t otherwise) {
  const char* text = value_of(argc, argv, name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace troupe::sim;
  Plan plan;
  const auto clock = std::chrono::steady_clock::now().time_since_epoch().count();
  plan.first_seed = number_of(argc, argv, "--seed", static_cast<std::uint64_t>(clock) % 1'000'000'000);
  plan.seconds = static_cast<double>(number_of(argc, argv, "--seconds", 10));
  plan.episodes = number_of(argc, argv, "--episodes", 0);
  plan.settings.jobs = number_of(argc, argv, "--jobs", plan.settings.jobs);
  plan.settings.trace_kept = number_of(argc, argv, "--trace", 60);
  if (const char* name = value_of(argc, argv, "--mutant")) {
    const auto mutant = mutant_from_text(name);
    if (!mutant) {
      std::fprintf(stderr, "there is no mutant %s; there are:", name);
      for (const std::string& known : mutant_names()) std::fprintf(stderr, " %s", known.c_str());
      std::fprintf(stderr, "\n");
      return 2;
    }
    plan.settings.mutant = *mutant;
  }
  return run_episodes(plan) ? 0 : 1;
}
