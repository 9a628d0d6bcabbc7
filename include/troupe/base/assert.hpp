// TROUPE_ASSERT: a programmer's error. Stays on in release builds: a broken invariant in a runtime that promises
// durability must stop the process before it writes anything else. Never used for input from outside.
#pragma once

namespace troupe {

/// Prints the place and the broken condition on standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const char* why);

}  // namespace troupe

#define TROUPE_ASSERT(condition, why) \
  ((condition) ? static_cast<void>(0) : ::troupe::assertion_failed(#condition, __FILE__, __LINE__, why))
