// A run either gives figures or says why there are none: whatever makes the figures meaningless ends the program.
#pragma once

#include <string>

namespace troupe::bench {

/// Prints the reason to standard error and exits with 1.
[[noreturn]] void stop_with(const std::string& reason);
/// The same, with what errno says.
[[noreturn]] void stop_with_errno(const std::string& what);

}  // namespace troupe::bench
