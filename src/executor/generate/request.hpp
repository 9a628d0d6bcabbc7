// What a `generate` step asks for: its config, checked and with every default filled in.
#pragma once

#include <cstdint>
#include <string>

#include "executor_generate/painting.hpp"
#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"

namespace troupe::generate {

inline constexpr int kCountDefault = 4;
inline constexpr int kSideDefault = 768;
/// The largest whole number that every JSON reader keeps exactly.
inline constexpr std::uint64_t kSeedMax = (std::uint64_t{1} << 53) - 1;

struct Request {
  std::string prompt;
  int count = kCountDefault;
  int width = kSideDefault;
  int height = kSideDefault;
  std::uint64_t seed = 0;  ///< default: from the prompt, so that the same step gives the same pictures
  Style style = Style::flow;
};

/// Null counts as absent, as expressions over missing inputs give it. Fails with `invalid_config`, not retryable, with
/// every fault at once: field, value and what is allowed.
Result<Request> parse_request(const Document& config);

}  // namespace troupe::generate
