// What an `http` step gives:
//
//   status       number
//   headers      object, names in lower case; repeated ones joined by ", "
//   body         a JSON value if the response says that it is JSON (application/json, …+json), or says nothing or
//                text/plain and is an object or a list; else text; null if the bytes are no UTF-8
//   body_base64  only then: the bytes
#pragma once

#include "executor/http/http_config.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

/// The outputs; or http_status if the status was not expected (retryable for 408, 425, 429 and 5xx), or output_too_large.
Result<TaskOutputs> http_outputs(const HttpConfig& config, const HttpResponse& response);

/// For the log: the call, how it ended, and the first KiB of the response. No header but the content type: they hold
/// credentials and cookies.
std::string http_log(const HttpConfig& config, const Result<HttpResponse>& result, Millis took);

}  // namespace troupe
