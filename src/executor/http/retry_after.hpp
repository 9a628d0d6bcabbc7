// How long an HTTP answer asks to be left alone (RFC 9110, 10.2.3).
//
//   Retry-After: 120                              seconds
//   Retry-After: Fri, 31 Dec 2027 23:59:59 GMT    a moment, by the clock of the answer's own Date
#pragma once

#include <optional>

#include "troupe/base/time.hpp"
#include "troupe/port/http_client.hpp"

namespace troupe {

/// Nothing where the answer does not say, or not in one of these forms. Never negative.
std::optional<Millis> retry_after(const HttpResponse& response);

}  // namespace troupe
