#include "troupe/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe {

void assertion_failed(const char* condition, const char* file, int line, const char* why) {
  std::fprintf(stderr, "troupe: broken invariant: %s (%s) at %s:%d\n", why, condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace troupe
