// How many jobs may be accepted within a time. A value; token_bucket.hpp says what it means to keep it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "troupe/base/time.hpp"

namespace troupe {

struct RateLimit {
  static constexpr std::uint32_t kMost = 1'000'000;  ///< of `limit` and of `burst`
  static constexpr Millis kPerMost{30LL * 24 * 3'600'000};
  static constexpr std::size_t kKeyBytes = 256;  ///< of what a definition's `rate_limit.key` gives, as JSON

  std::uint32_t limit = 0;  ///< jobs within `per`; 0: there is no limit
  Millis per{0};            ///< whole seconds, as the RateLimit-Policy header has it
  std::uint32_t burst = 0;  ///< jobs at once, after a pause

  bool exists() const { return limit > 0; }
  bool operator==(const RateLimit&) const = default;
};

}  // namespace troupe
