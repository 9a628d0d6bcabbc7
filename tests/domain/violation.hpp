// How a broken rule shows itself in random tests of any kind.
#pragma once

#include <stdexcept>
#include <string>

namespace troupe {

/// A rule that does not hold: its text names it.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const char* rule) {
  if (!holds) throw Violation(rule);
}

}  // namespace troupe
