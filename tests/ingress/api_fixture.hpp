// Drives the Handler without sockets: a request goes in, what was answered comes out.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "crypto/hash.hpp"
#include "fake_gateway.hpp"
#include "ingress/api.hpp"
#include "recording_ports.hpp"

namespace troupe::ingress {

/// A stream that keeps what was sent. Closing takes effect when the test says so, as on a loop of its own.
class FakeStream final : public Stream {
 public:
  ~FakeStream() override { is_over(); }
  bool send(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    text_ += bytes;
    changed_.notify_all();
    return !closed_;
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void on_close(std::function<void()> handler) override { handler_ = std::move(handler); }

  /// The peer is gone, or the loop has carried out close().
  void is_over() {
    if (auto handler = std::exchange(handler_, nullptr)) handler();
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  /// Waits until this was sent (by a thread of the api).
  bool await(std::string_view part) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return text_.find(part) != std::string::npos; });
  }
  bool await_closed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return closed_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool closed_ = false;
  std::function<void()> handler_;
};

class FakeResponder final : public Responder {
 public:
  void respond(Response given) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(answered) << "a request is answered once";
    answered = true;
    response = std::move(given);
    changed_.notify_all();
  }
  std::shared_ptr<Stream> start_stream(Response head) override {
    EXPECT_FALSE(answered) << "a request is answered once";
    answered = true;
    response = std::move(head);
    stream = std::make_shared<FakeStream>();
    return stream;
  }
  void read_body(std::shared_ptr<BodySink> given) override { sink = std::move(given); }
  void read_on() override {
    const std::lock_guard lock(mutex_);
    ++reads_on;
    changed_.notify_all();
  }
  void after(Millis delay, std::function<void()> function) override { timers.emplace_back(delay, std::move(function)); }

  /// The first timer that was set is due.
  void fire() {
    ASSERT_FALSE(timers.empty());
    auto function = std::move(timers.front().second);
    timers.erase(timers.begin());
    function();
  }

  /// Waits for what a thread of the api does.
  bool await_answer() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return answered; });
  }
  bool await_read_on() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return reads_on > 0; });
  }

  bool answered = false;
  Response response;
  std::shared_ptr<BodySink> sink;
  int reads_on = 0;
  std::shared_ptr<FakeStream> stream;
  std::vector<std::pair<Millis, std::function<void()>>> timers;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct Answered {
  int status = 0;
  Headers headers;
  std::string body;
  std::shared_ptr<FakeResponder> responder;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return "";
  }
  Json json() const {
    auto value = parse_json(body);
    EXPECT_TRUE(value.ok()) << body;
    return value ? *value : Json();
  }
  std::string code() const { return json().value("code", ""); }
  /// The pointers of all faults, joined by spaces.
  std::string pointers() const {
    std::string list;
    for (const Json& fault : json().value("errors", Json::array()))
      list += (list.empty() ? "" : " ") + fault["pointer"].get<std::string>();
    return list;
  }
  FakeStream& stream() const { return *responder->stream; }
};

class FixedClock final : public Clock {
 public:
  Timestamp now() override { return *parse_rfc3339("2026-11-21T02:00:00Z"); }
  Millis monotonic() override { return Millis(0); }
};

inline constexpr const char* kUuid = "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001";
inline constexpr const char* kOtherUuid = "019aa3f2-6000-7000-8a2f-3b1f64aa9001";

class ApiTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (auto& responder : open_) {
      if (responder->stream) responder->stream->is_over();
      responder->timers.clear();  // they hold what holds the responder
      responder->sink = nullptr;  // likewise
    }
  }

  void given_keys(std::vector<ApiKey> keys) {
    keys_ = std::make_unique<ApiKeys>(std::move(keys));
    make();
  }
  static ApiKey key(std::string_view text, Role role, std::optional<std::string> client = {}) {
    return {std::string(text), sha256("trp_" + std::string(text)), role, std::move(client)};
  }

  Answered send(std::string method, std::string target, std::string body = {}, Headers headers = {}) {
    const bool streamed = body_rules(options_.body_bytes)(method, target).streamed;
    const auto responder = begin(std::move(method), target, streamed ? std::string() : body, std::move(headers));
    if (streamed && responder->sink) {
      responder->sink->take(body);
      responder->sink->complete();
      EXPECT_TRUE(responder->await_answer()) << target;
    }
    EXPECT_TRUE(responder->answered) << target;
    return answer_of(responder);
  }
  static Answered answer_of(const std::shared_ptr<FakeResponder>& responder) {
    Answered answer{responder->response.status, responder->response.headers, responder->response.body, responder};
    if (const auto& content = responder->response.content)
      answer.body = *content->source->read(content->offset, static_cast<std::size_t>(content->length));
    return answer;
  }
  /// A request that need not be answered at once.
  std::shared_ptr<FakeResponder> begin(std::string method, const std::string& target, std::string body = {},
                                       Headers headers = {}) {
    if (!handler_) make();
    Request request;
    request.method = std::move(method);
    request.target = target;
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.request_id = "request-1";
    request.late = late_;
    auto responder = std::make_shared<FakeResponder>();
    open_.push_back(responder);
    handler_(std::move(request), responder);
    return responder;
  }
  Answered get(std::string target, Headers headers = {}) {
    return send("GET", std::move(target), {}, std::move(headers));
  }
  Answered post(std::string target, std::string body, Headers headers = {}) {
    headers.emplace_back("content-type", "application/json");
    return send("POST", std::move(target), std::move(body), std::move(headers));
  }

  FakeGateway gateway_;
  ApiOptions options_;
  bool late_ = false;  ///< of the requests that are sent
  RecordingMetrics metrics_;
  RecordingLog log_;

 private:
  void make() { handler_ = make_api(gateway_, *keys_, clock_, metrics_, log_, options_); }

  std::unique_ptr<ApiKeys> keys_ = std::make_unique<ApiKeys>(std::vector<ApiKey>());
  FixedClock clock_;
  Handler handler_;
  std::vector<std::shared_ptr<FakeResponder>> open_;
};

}  // namespace troupe::ingress
