// Port: outgoing HTTP. Implemented by src/net over libcurl; checks the egress policy at every connection and redirect.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HeaderList headers;
  std::string body;
  Millis timeout{30'000};  ///< of the whole exchange
  std::size_t response_bytes_max = 4 << 20;
  bool follow_redirects = false;
};

struct HttpResponse {
  int status = 0;
  HeaderList headers;  ///< names in lower case, in order of arrival
  std::string body;
};

/// Thread-safe and asynchronous.
class HttpClient {
 public:
  using CallId = std::uint64_t;
  /// Called exactly once, on the client's own thread: must not block. Errors: http_failed (retryable),
  /// egress_forbidden, output_too_large, step_timeout (retryable), cancelled, invalid_config (the URL is no http or
  /// https URL).
  using Reply = std::function<void(Result<HttpResponse>)>;

  virtual ~HttpClient() = default;
  virtual CallId send(HttpRequest request, Reply reply) = 0;
  /// The reply gets `cancelled`, unless it was called already.
  virtual void cancel(CallId call) = 0;
};

}  // namespace troupe
