// The headers that tell of rate limits (draft-ietf-httpapi-ratelimit-headers, structured fields of RFC 9651):
//
//   RateLimit-Policy: "client";q=100;w=60;troupe-burst=200, "workflow:poster";q=10;w=1
//   RateLimit: "workflow:poster";r=0;t=1, "client";r=57;t=1
//
// q jobs in w seconds; troupe-burst, where it is another number, is how many at once after a pause. r jobs are left
// now, and one more is in t seconds; without t none is missing.
#pragma once

#include "ingress/exchange.hpp"
#include "ingress/http.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

/// None where no limit applies.
void add_rate_limits(Headers& headers, const RateLimitStates& limits);

/// Answers a failure. That of a limit names all that the job met; of those that have room, a t could lie beyond
/// Retry-After, which the draft does not want: they have none.
void fail_with_limits(const ExchangePtr& exchange, const Error& error, RateLimitStates limits);

}  // namespace troupe::ingress
