// Follows a stream of Server-Sent Events across lost connections: it connects again with Last-Event-ID, so that no durable
// event is missed, and gives up only when the server stays away.
#pragma once

#include <functional>
#include <string>

#include "cli/api_client.hpp"
#include "cli/sse_parser.hpp"

namespace troupe::cli {

struct EventStreamOptions {
  Millis first_wait{250};   ///< before the first new try; doubled each time, unless the server names a time
  Millis longest_wait{5'000};
  Millis give_up{60'000};   ///< after so long without a connection
  Millis silence{60'000};   ///< a connection that is silent for so long is taken for lost
};

class EventStream {
 public:
  EventStream(ApiClient& api, std::string target, EventStreamOptions options = {});

  /// Returns when `take` gives false (then the answer is ok), when the server refuses, when it is not there at the first
  /// try, or when it stayed away for too long. `lost` is told of each connection that broke.
  ApiAnswer follow(const std::function<bool(const ServerEvent&)>& take, const std::function<void()>& lost);

 private:
  ApiClient& api_;
  const std::string target_;
  const EventStreamOptions options_;
  SseParser parser_;
};

}  // namespace troupe::cli
