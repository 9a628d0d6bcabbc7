// The whole of /v1 as one Handler over the Gateway port. Routes are grouped by resource, one file each (routes_*.cpp).
#pragma once

#include <memory>
#include <string>

#include "auth/api_keys.hpp"
#include "ingress/http.hpp"
#include "ingress/server.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/domain/time_zone.hpp"
#include "troupe/port/gateway.hpp"
#include "troupe/port/log.hpp"
#include "troupe/port/metrics.hpp"

namespace troupe::ingress {

struct ApiOptions {
  std::string public_url;  ///< prefix of absolute links; empty: links are paths
  // Limits in force elsewhere, for /v1/meta to show.
  std::size_t body_bytes = limits::kBodyBytes;
  Millis job_timeout_max = limits::kRunTimeoutMax;
  FindTimeZone time_zone = find_utc;  ///< for schedules; may read a file at the first time
};

/// The handler may be called from several event loops at once. What it is given by reference outlives it.
Handler make_api(Gateway& gateway, const ApiKeys& keys, Clock& clock, Metrics& metrics, Log& log, ApiOptions options);

/// Which bodies are streamed to their routes; all others are taken whole, up to `body_bytes`.
BodyRules body_rules(std::size_t body_bytes);

/// The problem document of an error (RFC 9457), with its HTTP status.
Response render_problem(const Error& error, const std::string& request_id);
int http_status(ErrorCode code);

/// The OpenAPI 3.1 document, made from the route table. Compact JSON.
const std::string& openapi_document();

}  // namespace troupe::ingress
