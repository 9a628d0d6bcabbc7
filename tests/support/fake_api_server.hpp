// Troupe's API as a table of prepared answers, for tests of its clients.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/http_server.hpp"

namespace troupe::testing {

class FakeApiServer {
 public:
  FakeApiServer();

  /// The answer to `GET /v1/jobs/x`, query and all. Given several times: one after the other, the last one again and again.
  void answer(const std::string& request, int status, const std::string& body);
  /// A problem document.
  void refuse(const std::string& request, int status, const std::string& code, const std::string& detail);
  /// A body of Server-Sent Events, after which the connection breaks off.
  void stream(const std::string& request, const std::string& events);

  std::string url() const { return server_.url(""); }
  std::vector<ReceivedRequest> requests() const { return server_.requests(); }

 private:
  struct Answer {
    int status = 200;
    std::string body;
    std::string media_type;
    bool breaks_off = false;
  };
  Answer take(const std::string& request);

  std::mutex mutex_;
  std::map<std::string, std::deque<Answer>> answers_;
  HttpServer server_;  // last: its threads use the rest
};

}  // namespace troupe::testing
