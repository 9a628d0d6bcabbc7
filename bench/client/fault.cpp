#include "bench/fault.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace troupe::bench {

void stop_with(const std::string& reason) {
  std::fprintf(stderr, "bench_client: %s\n", reason.c_str());
  std::exit(1);
}

void stop_with_errno(const std::string& what) { stop_with(what + ": " + std::strerror(errno)); }

}  // namespace troupe::bench
