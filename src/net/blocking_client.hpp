// HTTP for programs that have one thing to do at a time: the command line. A call blocks; a body can be taken piece by
// piece as it arrives (Server-Sent Events, exports). Servers use CurlHttpClient instead.
//
// There is no egress policy here: the person who runs the command names the server. Proxies of the environment are
// honoured, except for loopback. Redirects are not followed, so that a token goes nowhere else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "troupe/port/http_client.hpp"

namespace troupe {

class BlockingHttpClient {
 public:
  explicit BlockingHttpClient(std::string user_agent = "troupe");
  ~BlockingHttpClient();
  BlockingHttpClient(const BlockingHttpClient&) = delete;
  BlockingHttpClient& operator=(const BlockingHttpClient&) = delete;

  /// Errors: http_failed (no answer; retryable), step_timeout, output_too_large, invalid_config.
  Result<HttpResponse> send(const HttpRequest& request);

  /// False ends the transfer.
  using TakePiece = std::function<bool(std::string_view piece)>;
  /// The body of a 2xx goes to `take`, whatever its size; that of any other status is in the response. Here
  /// `request.timeout` bounds the connection's set-up and each silence (in whole seconds), not the whole. Ended by
  /// `take`: succeeds.
  Result<HttpResponse> stream(const HttpRequest& request, const TakePiece& take);

 private:
  class Handle;
  std::unique_ptr<Handle> handle_;  // kept, so that connections are
};

}  // namespace troupe
