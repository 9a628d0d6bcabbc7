// bench_client: drives a Troupe server over HTTP and prints what it measured as one line of JSON. bench/README.md tells
// the method. Exits with 1, and the reason on standard error, if an accepted job did not end `success` exactly once.
#include <cstdio>

#include "bench/fault.hpp"
#include "bench/load.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"

int main(int argc, char** argv) {
  using namespace troupe::bench;
  const Options options = read_options({argv + 1, argv + argc});
  Load load(options);
  load.run();
  const auto faults = load.ledger().faults();
  for (const auto& fault : faults) std::fprintf(stderr, "bench_client: %s\n", fault.c_str());
  if (!faults.empty()) return 1;
  if (load.ledger().done() == 0) stop_with("every job was refused by 503: there is nothing to report");
  std::printf("%s\n", report(options, load).c_str());
  return 0;
}
