#include "support/fake_api_server.hpp"

namespace troupe::testing {

FakeApiServer::FakeApiServer()
    : server_([this](const ReceivedRequest& request, Peer& peer) {
        const Answer answer = take(request.method + " " + request.target);
        if (!answer.breaks_off) {
          peer.respond(answer.status, answer.body, "Content-Type: " + answer.media_type + "\r\n");
          return;
        }
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + answer.body);
        peer.close();
      }) {}

void FakeApiServer::answer(const std::string& request, int status, const std::string& body) {
  std::lock_guard lock(mutex_);
  answers_[request].push_back({status, body, "application/json"});
}

void FakeApiServer::refuse(const std::string& request, int status, const std::string& code, const std::string& detail) {
  answer(request, status, R"({"type":"about:blank","title":"Refused","status":)" + std::to_string(status) +
                              R"(,"code":")" + code + R"(","detail":")" + detail + R"(","request_id":"req-1"})");
}

void FakeApiServer::stream(const std::string& request, const std::string& events) {
  std::lock_guard lock(mutex_);
  answers_[request].push_back({200, events, "text/event-stream", true});
}

FakeApiServer::Answer FakeApiServer::take(const std::string& request) {
  std::lock_guard lock(mutex_);
  const auto found = answers_.find(request);
  if (found == answers_.end())
    return {404, R"({"code":"not_found","detail":"the test has no answer for )" + request + R"("})", "application/problem+json"};
  const Answer answer = found->second.front();
  if (found->second.size() > 1) found->second.pop_front();
  return answer;
}

}  // namespace troupe::testing
