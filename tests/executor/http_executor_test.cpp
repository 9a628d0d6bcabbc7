#include "executor/http/http_executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>

#include "codec/json.hpp"
#include "executor/http/http_config.hpp"
#include "executor/http/retry_after.hpp"
#include "executor/http/traceparent.hpp"
#include "executor/recording_sink.hpp"
#include "net/curl_http_client.hpp"
#include "support/http_server.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::HttpServer;
using ::testing::Not;
using testing::Peer;
using testing::ReceivedRequest;
using testing::RecordingSink;

class HttpExecutorTest : public ::testing::Test {
 protected:
  std::shared_ptr<RecordingSink> start(Json config) {
    Task task = task_;
    task.config = to_document(config);
    auto sink = std::make_shared<RecordingSink>();
    executor_->start(task, sink);
    return sink;
  }
  TaskOutcome run(Json config) { return start(std::move(config))->outcome(); }
  Json outputs(Json config) {
    const auto outcome = run(std::move(config));
    EXPECT_TRUE(outcome.result) << outcome.result.error().message;
    return outcome.result ? from_document(outcome.result->outputs) : Json();
  }
  Error fails(Json config) {
    const auto outcome = run(std::move(config));
    EXPECT_FALSE(outcome.result);
    return outcome.result ? Error{} : outcome.result.error();
  }
  /// What the step gives when the server answers so.
  Json outputs_of(std::string body, std::string headers) {
    HttpServer server([&](const ReceivedRequest&, Peer& peer) { peer.respond(200, body, headers); });
    return outputs({{"url", server.url()}});
  }
  static Task make_task() {
    Task task;
    task.key.run = *parse_id<RunId>("01890000-0000-7000-8000-000000000001");
    task.key.item = 7;
    task.step = "publish";
    task.type = StepType::http;
    return task;
  }

  SystemClock clock_;
  SystemRandom random_;
  CurlHttpClient client_{{}, *EgressPolicy::make({.allow_loopback = true, .allow = {}})};
  std::unique_ptr<HttpExecutor> executor_ = std::make_unique<HttpExecutor>(client_, clock_, random_);
  Task task_ = make_task();
};

void answer_ok(const ReceivedRequest&, Peer& peer) { peer.respond(200, "ok"); }

TEST_F(HttpExecutorTest, GivesStatusHeadersAndBody) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.respond(201, R"({"id": 5})", "Content-Type: application/json; charset=utf-8\r\nX-A: 1\r\nX-a: 2\r\n");
  });
  const Json given = outputs({{"url", server.url()}});
  EXPECT_EQ(given["status"], 201);
  EXPECT_EQ(given["headers"]["x-a"], "1, 2");
  EXPECT_EQ(given["body"]["id"], 5);
}

TEST_F(HttpExecutorTest, ReadsTheBodyAsWhatItIs) {
  EXPECT_EQ(outputs_of("[1]", "Content-Type: application/problem+json\r\n")["body"], Json::parse("[1]"));
  EXPECT_EQ(outputs_of("42", "Content-Type: application/json\r\n")["body"], 42);
  EXPECT_EQ(outputs_of("{\"a\":1}", "")["body"], Json::parse(R"({"a":1})"));
  EXPECT_EQ(outputs_of("42", "Content-Type: text/plain\r\n")["body"], "42");
  EXPECT_EQ(outputs_of("{broken", "Content-Type: application/json\r\n")["body"], "{broken");
  EXPECT_EQ(outputs_of("{\"a\":1}", "Content-Type: text/html\r\n")["body"], "{\"a\":1}");
  EXPECT_EQ(outputs_of("", "")["body"], "");
  const Json binary = outputs_of("\xFF\x01", "");
  EXPECT_EQ(binary["body"], nullptr);
  EXPECT_EQ(binary["body_base64"], "/wE=");
}

TEST_F(HttpExecutorTest, SendsJsonUnlessTheBodyIsText) {
  HttpServer server(answer_ok);
  run({{"url", server.url()}, {"body", {{"a", 1}}}});
  run({{"url", server.url()}, {"body", "text"}});
  run({{"url", server.url()}, {"body", "<a/>"}, {"headers", {{"content-type", "text/xml"}}}, {"method", "put"}});
  run({{"url", server.url()}});
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body, R"({"a":1})");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[1].body, "text");
  EXPECT_EQ(requests[1].headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(requests[2].method, "PUT");
  EXPECT_EQ(requests[2].headers.at("content-type"), "text/xml");
  EXPECT_EQ(requests[3].body, "");
  EXPECT_FALSE(requests[3].headers.contains("content-type"));
}

TEST_F(HttpExecutorTest, SendsTheSameIdempotencyKeyWithEveryAttempt) {
  HttpServer server(answer_ok);
  run({{"url", server.url()}});
  task_.key.attempt = 2;
  task_.key.epoch = 1;
  run({{"url", server.url()}});
  task_.key.compensation = true;
  run({{"url", server.url()}});
  run({{"url", server.url()}, {"headers", {{"IDEMPOTENCY-KEY", "mine"}}}});
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].headers.at("idempotency-key"), "01890000-0000-7000-8000-000000000001/publish/7");
  EXPECT_EQ(requests[1].headers.at("idempotency-key"), requests[0].headers.at("idempotency-key"));
  EXPECT_EQ(requests[2].headers.at("idempotency-key"), "01890000-0000-7000-8000-000000000001/publish/7/undo");
  EXPECT_EQ(requests[3].headers.at("idempotency-key"), "mine");
}

TEST_F(HttpExecutorTest, ContinuesTheTraceWithASpanOfItsOwn) {
  HttpServer server(answer_ok);
  task_.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  run({{"url", server.url()}});
  const std::string sent = server.requests().at(0).headers.at("traceparent");
  EXPECT_TRUE(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-")) << sent;
  EXPECT_TRUE(sent.ends_with("-01")) << sent;
  EXPECT_EQ(sent.size(), task_.traceparent.size());
  EXPECT_NE(sent, task_.traceparent);
}

TEST(Traceparent, IsSentOnlyIfItIsWellFormed) {
  SystemRandom random;
  for (const char* bad : {"", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"})
    EXPECT_FALSE(child_traceparent(bad, random)) << bad;
  EXPECT_TRUE(child_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more", random));
}

TEST_F(HttpExecutorTest, FailsOnAStatusThatWasNotExpected) {
  struct Case {
    int status;
    bool retryable;
  };
  for (const Case rule : {Case{400, false}, Case{404, false}, Case{408, true}, Case{425, true}, Case{429, true},
                          Case{500, true}, Case{503, true}}) {
    HttpServer server([&](const ReceivedRequest&, Peer& peer) { peer.respond(rule.status, "no\nway"); });
    const Error error = fails({{"url", server.url("/x?token=s3cret")}});
    EXPECT_EQ(error.code, ErrorCode::http_status);
    EXPECT_EQ(error.retryable, rule.retryable) << rule.status;
    EXPECT_THAT(error.message, HasSubstr(std::to_string(rule.status)));
    EXPECT_THAT(error.message, HasSubstr("no way"));
    EXPECT_THAT(error.message, Not(HasSubstr("s3cret")));
  }
}

TEST_F(HttpExecutorTest, ExpectsTheStatusesOfItsConfig) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(404, ""); });
  for (const Json& expected : {Json(404), Json("404"), Json("4xx"), Json("400-404"), Json::array({200, "4xx"})})
    EXPECT_EQ(outputs({{"url", server.url()}, {"expect_status", expected}})["status"], 404) << expected;
  EXPECT_THAT(fails({{"url", server.url()}, {"expect_status", Json::array({"2xx", 409, "410-412"})}}).message,
              HasSubstr("expected 2xx, 409, 410-412"));
  EXPECT_EQ(fails({{"url", server.url()}, {"expect_status", 4294967496}}).code, ErrorCode::invalid_config);
}

TEST(RetryAfter, IsReadInBothItsFormsAndNotGuessedFromOthers) {
  const auto asked = [](HeaderList headers) { return retry_after(HttpResponse{503, std::move(headers), ""}); };
  const std::string date = "Fri, 31 Dec 2027 23:59:00 GMT";
  EXPECT_EQ(asked({{"retry-after", "120"}}), 120s);
  EXPECT_EQ(asked({{"retry-after", "0"}}), 0s);
  EXPECT_EQ(asked({{"date", date}, {"retry-after", "Fri, 31 Dec 2027 23:59:59 GMT"}}), 59s);
  EXPECT_EQ(asked({{"date", date}, {"retry-after", "Fri, 31 Dec 2027 22:00:00 GMT"}}), 0s);
  EXPECT_EQ(asked({{"retry-after", "99999999999999999999"}}), limits::kRetryAfterMax);
  EXPECT_EQ(asked({{"retry-after", "Fri, 31 Dec 2027 23:59:59 GMT"}}), std::nullopt);  // by whose clock?
  for (const char* wrong : {"", "-1", "1.5", "soon", "120 s"})
    EXPECT_EQ(asked({{"date", date}, {"retry-after", wrong}}), std::nullopt) << wrong;
  EXPECT_EQ(asked({}), std::nullopt);
}

TEST_F(HttpExecutorTest, TellsWhenTheOtherSideWantsToBeAskedAgain) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(429, "slow down", "Retry-After: 7\r\n"); });
  const Error error = fails({{"url", server.url()}});
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.retry_after, 7s);
}

TEST_F(HttpExecutorTest, FollowsRedirectsUnlessTheyAreExpected) {
  HttpServer server([](const ReceivedRequest& request, Peer& peer) {
    if (request.target == "/") return peer.respond(302, "", "Location: /there\r\n");
    peer.respond(200, "here");
  });
  EXPECT_EQ(outputs({{"url", server.url()}})["body"], "here");
  EXPECT_EQ(outputs({{"url", server.url()}, {"expect_status", 302}})["headers"]["location"], "/there");
}

TEST_F(HttpExecutorTest, NamesWhatIsWrongWithItsConfig) {
  EXPECT_THAT(fails(Json::object()).message, HasSubstr("/url"));
  const Json config = {{"url", 5},       {"method", ""},        {"headers", {{"a", {{"b", 1}}}}}, {"expect_status", 99},
                       {"timeout", "x"}, {"expect_statsu", 200}};
  const Error error = fails(config);
  EXPECT_EQ(error.code, ErrorCode::invalid_config);
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(error.faults.size(), 6U);
  EXPECT_EQ(fails({{"url", "ftp://example.org"}}).code, ErrorCode::invalid_config);
}

TEST_F(HttpExecutorTest, HoldsToItsTimeoutAndToTheDeadline) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.wait_for_close(); });
  EXPECT_EQ(fails({{"url", server.url()}, {"timeout", "100ms"}}).code, ErrorCode::step_timeout);
  EXPECT_EQ(fails({{"url", server.url()}, {"timeout", 0.1}}).code, ErrorCode::step_timeout);
  task_.deadline = clock_.now() + 100ms;
  EXPECT_EQ(fails({{"url", server.url()}, {"timeout", "1h"}}).code, ErrorCode::step_timeout);
  task_.deadline = clock_.now() - 1ms;
  EXPECT_EQ(fails({{"url", server.url()}}).code, ErrorCode::step_timeout);
}

TEST_F(HttpExecutorTest, LogsTheCallWithoutItsSecrets) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.respond(200, std::string(5000, 'x'), "Set-Cookie: cookie-secret\r\n");
  });
  const auto sink =
      start({{"url", server.url("/p?key=query-secret")}, {"headers", {{"Authorization", "Bearer token-secret"}}}});
  const auto outcome = sink->outcome();
  EXPECT_THAT(outcome.log, HasSubstr("POST " + server.url("/p")));
  EXPECT_THAT(outcome.log, HasSubstr("200 in "));
  EXPECT_THAT(outcome.log, Not(HasSubstr("secret")));
  EXPECT_LT(outcome.log.size(), 1400U);
  EXPECT_EQ(sink->logged("log"), outcome.log);
}

TEST_F(HttpExecutorTest, LogsACallThatFailed) {
  const auto outcome = run({{"url", "http://127.0.0.1:" + std::to_string(testing::closed_port()) + "/"}});
  EXPECT_EQ(outcome.result.error().code, ErrorCode::http_failed);
  EXPECT_THAT(outcome.log, HasSubstr("Connection refused"));
}

TEST_F(HttpExecutorTest, RefusesForbiddenAddresses) {
  EXPECT_EQ(fails({{"url", "http://169.254.169.254/latest/meta-data"}}).code, ErrorCode::egress_forbidden);
  HttpServer server(
      [](const ReceivedRequest&, Peer& peer) { peer.respond(302, "", "Location: http://10.0.0.1/\r\n"); });
  EXPECT_EQ(fails({{"url", server.url()}}).code, ErrorCode::egress_forbidden);
}

TEST_F(HttpExecutorTest, RefusesOutputsAboveTheLimit) {
  // Within the limit as bytes, above it as JSON text.
  const std::string body(limits::kOutputBytes / 2, '\x01');
  HttpServer server([&](const ReceivedRequest&, Peer& peer) { peer.respond(200, body); });
  EXPECT_EQ(fails({{"url", server.url()}}).code, ErrorCode::output_too_large);
}

TEST_F(HttpExecutorTest, StopEndsTheCallAtOnce) {
  std::latch arrived(1);
  HttpServer server([&](const ReceivedRequest&, Peer& peer) {
    arrived.count_down();
    peer.wait_for_close();
  });
  const auto sink = start({{"url", server.url()}, {"timeout", "1h"}});
  arrived.wait();
  const Millis before = clock_.monotonic();
  executor_->stop(task_.key);
  EXPECT_EQ(sink->outcome().result.error().code, ErrorCode::cancelled);
  EXPECT_LT(clock_.monotonic() - before, 1s);
  executor_->stop(task_.key);  // unknown by now: ignored
  EXPECT_EQ(sink->times_done(), 1U);
}

TEST_F(HttpExecutorTest, DestructionCancelsWhatIsUnderWay) {
  std::latch arrived(1);
  HttpServer server([&](const ReceivedRequest&, Peer& peer) {
    arrived.count_down();
    peer.wait_for_close();
  });
  const auto sink = start({{"url", server.url()}});
  arrived.wait();
  executor_.reset();
  EXPECT_EQ(sink->outcome().result.error().code, ErrorCode::cancelled);
}

TEST(HttpConfig, ShowsAUrlWithoutQueryAndCredentials) {
  HttpConfig config;
  config.url = "https://user:pass@example.org/a@b?key=1";
  EXPECT_EQ(config.shown_url(), "https://example.org/a@b?…");
  config.url = "https://example.org/a#frag";
  EXPECT_EQ(config.shown_url(), "https://example.org/a");
}

}  // namespace
}  // namespace troupe
