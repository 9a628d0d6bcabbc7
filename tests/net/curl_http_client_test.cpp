#include "net/curl_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>

#include "support/http_server.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::HttpServer;
using testing::Peer;
using testing::ReceivedRequest;

EgressPolicy loopback_policy() { return *EgressPolicy::make({.allow_loopback = true, .allow = {}}); }

class CurlHttpClientTest : public ::testing::Test {
 protected:
  std::future<Result<HttpResponse>> send(HttpRequest request) {
    auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
    last_call_ = client_->send(std::move(request), [promise](auto result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  Result<HttpResponse> call(HttpRequest request) { return send(std::move(request)).get(); }
  Error call_fails(HttpRequest request) {
    auto result = call(std::move(request));
    EXPECT_FALSE(result) << "status " << result->status;
    return result ? Error{} : result.error();
  }
  static HttpRequest get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    request.timeout = 20s;
    return request;
  }

  HttpClient::CallId last_call_ = 0;
  std::unique_ptr<CurlHttpClient> client_ = std::make_unique<CurlHttpClient>(
      HttpClientOptions{.user_agent = "troupe/test", .redirects_max = 3, .ca_file = {}, .proxy = {}}, loopback_policy());
};

void answer_ok(const ReceivedRequest&, Peer& peer) { peer.respond(200, "ok"); }

TEST_F(CurlHttpClientTest, SendsMethodHeadersAndBodyAsGiven) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.respond(201, "made", "X-Twice: a\r\nx-twice:  b \r\nX-Empty:\r\n");
  });
  HttpRequest request = get(server.url("/p?q=1"));
  request.method = "PUT";
  request.headers = {{"X-One", "1"}, {"X-Empty", ""}};
  request.body = std::string("a\0b", 3);

  const auto response = call(request);

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "made");
  const HeaderList expected = {{"content-length", "4"}, {"x-twice", "a"}, {"x-twice", "b"}, {"x-empty", ""}};
  EXPECT_EQ(response->headers, expected);
  const ReceivedRequest got = server.requests().at(0);
  EXPECT_EQ(got.method, "PUT");
  EXPECT_EQ(got.target, "/p?q=1");
  EXPECT_EQ(got.body, request.body);
  EXPECT_EQ(got.headers.at("x-one"), "1");
  EXPECT_EQ(got.headers.at("x-empty"), "");
  EXPECT_EQ(got.headers.at("user-agent"), "troupe/test");
  EXPECT_FALSE(got.headers.contains("content-type")) << "nothing is called a form";
}

TEST_F(CurlHttpClientTest, DoesNotLetOneCallLeakIntoTheNextOnTheSameHandle) {
  HttpServer server(answer_ok);
  HttpRequest first = get(server.url());
  first.method = "POST";
  first.body = "secret";
  first.headers = {{"Authorization", "Bearer x"}};
  ASSERT_TRUE(call(first));
  ASSERT_TRUE(call(get(server.url())));
  const ReceivedRequest second = server.requests().at(1);
  EXPECT_EQ(second.method, "GET");
  EXPECT_EQ(second.body, "");
  EXPECT_FALSE(second.headers.contains("authorization"));
}

TEST_F(CurlHttpClientTest, ReusesConnections) {
  HttpServer server(answer_ok);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(call(get(server.url())));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlHttpClientTest, AnswersHeadWithoutABody) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"); });
  HttpRequest request = get(server.url());
  request.method = "HEAD";
  const auto response = call(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "");
}

TEST_F(CurlHttpClientTest, IgnoresProxiesOfTheEnvironment) {
  HttpServer server(answer_ok);
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(testing::closed_port());
  setenv("http_proxy", nowhere.c_str(), 1);
  setenv("ALL_PROXY", nowhere.c_str(), 1);
  const auto response = call(get(server.url()));
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_TRUE(response) << response.error().message;
}

TEST_F(CurlHttpClientTest, GivesUpOnASilentServerAtItsTimeout) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.wait_for_close(); });
  HttpRequest request = get(server.url());
  request.timeout = 150ms;
  const Error error = call_fails(request);
  EXPECT_EQ(error.code, ErrorCode::step_timeout);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("150ms"));
}

TEST_F(CurlHttpClientTest, GivesUpOnABodyThatDrips) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
    while (peer.send("x")) std::this_thread::yield();
  });
  HttpRequest request = get(server.url());
  request.timeout = 200ms;
  request.response_bytes_max = 1 << 30;
  EXPECT_EQ(call_fails(request).code, ErrorCode::step_timeout);
}

TEST_F(CurlHttpClientTest, SaysThatABodyWasCut) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    peer.close();
  });
  const Error error = call_fails(get(server.url()));
  EXPECT_EQ(error.code, ErrorCode::http_failed);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("cut"));
}

TEST_F(CurlHttpClientTest, SaysThatThereWasNoAnswer) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.close(); });
  const Error error = call_fails(get(server.url()));
  EXPECT_EQ(error.code, ErrorCode::http_failed);
  EXPECT_THAT(error.message, HasSubstr("without an answer"));
}

TEST_F(CurlHttpClientTest, SaysThatTheConnectionWasRefused) {
  const Error error = call_fails(get("http://127.0.0.1:" + std::to_string(testing::closed_port()) + "/?key=s3cret"));
  EXPECT_EQ(error.code, ErrorCode::http_failed);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("Connection refused"));
  EXPECT_THAT(error.message, Not(HasSubstr("s3cret")));
}

TEST_F(CurlHttpClientTest, SaysThatANameCannotBeResolved) {
  const Error error = call_fails(get("http://no-such-host.invalid/"));
  EXPECT_EQ(error.code, ErrorCode::http_failed);
  EXPECT_THAT(error.message, HasSubstr("no-such-host.invalid"));
}

TEST_F(CurlHttpClientTest, SaysThatTlsFailed) {
  HttpServer server(answer_ok, "220 not TLS\r\n");
  const Error error = call_fails(get("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
  EXPECT_EQ(error.code, ErrorCode::http_failed);
  EXPECT_THAT(error.message, HasSubstr("TLS"));
}

TEST_F(CurlHttpClientTest, RefusesBodiesAboveTheLimitWithoutReadingThemWhole) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (peer.send(chunk)) {
    }
  });
  HttpRequest request = get(server.url());
  request.response_bytes_max = 1 << 20;
  const Error error = call_fails(request);
  EXPECT_EQ(error.code, ErrorCode::output_too_large);
  EXPECT_FALSE(error.retryable);
}

TEST_F(CurlHttpClientTest, RefusesHeaderBlocksWithoutEnd) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Again: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(call_fails(get(server.url())).code, ErrorCode::output_too_large);
}

TEST_F(CurlHttpClientTest, RefusesRequestsThatAreNotWellFormed) {
  HttpServer server(answer_ok);
  HttpRequest smuggling = get(server.url());
  smuggling.headers = {{"X-A", "b\r\nX-Evil: c"}};
  EXPECT_EQ(call_fails(smuggling).code, ErrorCode::invalid_config);
  HttpRequest framing = get(server.url());
  framing.headers = {{"Content-Length", "3"}};
  EXPECT_EQ(call_fails(framing).code, ErrorCode::invalid_config);
  HttpRequest method = get(server.url());
  method.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(call_fails(method).code, ErrorCode::invalid_config);
  EXPECT_EQ(call_fails(get("file:///etc/passwd")).code, ErrorCode::invalid_config);
  EXPECT_TRUE(server.requests().empty());
}

// --- redirects -----------------------------------------------------------------------------------------------------

TEST_F(CurlHttpClientTest, FollowsNoRedirectUnlessAsked) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(302, "", "Location: /next\r\n"); });
  const auto response = call(get(server.url()));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(CurlHttpClientTest, FollowsRedirectsAsBrowsersDo) {
  struct Case {
    int status;
    const char *method, *then;
  };
  for (const Case& rule : {Case{301, "POST", "GET"}, Case{302, "POST", "GET"}, Case{303, "PUT", "GET"},
                           Case{302, "PUT", "PUT"}, Case{307, "POST", "POST"}, Case{308, "POST", "POST"}}) {
    HttpServer server([&](const ReceivedRequest& request, Peer& peer) {
      if (request.target == "/") return peer.respond(rule.status, "gone", "Location: end\r\n");
      peer.respond(200, "here");
    });
    HttpRequest request = get(server.url());
    request.method = rule.method;
    request.body = "data";
    request.follow_redirects = true;
    const auto response = call(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "here");
    EXPECT_EQ(server.requests().at(1).method, rule.then) << rule.status;
    EXPECT_EQ(server.requests().at(1).body, std::string_view(rule.then) == "GET" ? "" : "data");
  }
}

TEST_F(CurlHttpClientTest, KeepsCredentialsWithinTheirOrigin) {
  HttpServer other(answer_ok);
  HttpServer server([&](const ReceivedRequest& request, Peer& peer) {
    if (request.target == "/") return peer.respond(307, "", "Location: /same\r\n");
    peer.respond(307, "", "Location: " + other.url("/other") + "\r\n");
  });
  HttpRequest request = get(server.url());
  request.follow_redirects = true;
  request.headers = {{"Authorization", "Bearer x"}, {"X-Api-Key", "k"}, {"Accept", "text/plain"}};
  ASSERT_TRUE(call(request));
  EXPECT_EQ(server.requests().at(1).headers.at("x-api-key"), "k");
  const auto& headers = other.requests().at(0).headers;
  EXPECT_FALSE(headers.contains("authorization"));
  EXPECT_FALSE(headers.contains("x-api-key"));
  EXPECT_EQ(headers.at("accept"), "text/plain");
}

TEST_F(CurlHttpClientTest, ChecksEveryHopOfARedirect) {
  for (const char* target : {"http://169.254.169.254/latest/meta-data", "http://0x0a000001/", "http://[fe80::1]/"}) {
    HttpServer server([&](const ReceivedRequest&, Peer& peer) {
      peer.respond(302, "", "Location: " + std::string(target) + "\r\n");
    });
    HttpRequest request = get(server.url());
    request.follow_redirects = true;
    EXPECT_EQ(call_fails(request).code, ErrorCode::egress_forbidden) << target;
  }
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(302, "", "Location: file:///etc/passwd\r\n"); });
  HttpRequest request = get(server.url());
  request.follow_redirects = true;
  EXPECT_EQ(call_fails(request).code, ErrorCode::http_failed);
}

TEST_F(CurlHttpClientTest, EndsARedirectLoop) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(302, "", "Location: /\r\n"); });
  HttpRequest request = get(server.url());
  request.follow_redirects = true;
  EXPECT_THAT(call_fails(request).message, HasSubstr("more than 3 redirects"));
  EXPECT_EQ(server.requests().size(), 4U);
}

// --- egress --------------------------------------------------------------------------------------------------------

TEST(CurlHttpClientEgress, ChecksTheAddressThatANameResolvesTo) {
  HttpServer server(answer_ok);
  // `ip6-localhost` and the machine's own name pass the check of the URL; only the resolver knows where they lead.
  std::string host(256, '\0');
  ASSERT_EQ(gethostname(host.data(), host.size()), 0);
  host.resize(host.find('\0'));
  CurlHttpClient client({}, EgressPolicy());
  for (const std::string& name : {host, std::string("ip6-localhost")}) {
    if (!EgressPolicy().check_url("http://" + name + "/")) continue;
    std::promise<Result<HttpResponse>> promise;
    HttpRequest request;
    request.url = "http://" + name + ":" + std::to_string(server.port()) + "/";
    client.send(request, [&](auto result) { promise.set_value(std::move(result)); });
    const auto result = promise.get_future().get();
    ASSERT_FALSE(result) << name;
    if (result.error().message.find("resolved") != std::string::npos) continue;  // not in this machine's hosts file
    EXPECT_EQ(result.error().code, ErrorCode::egress_forbidden) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(name));
  }
  EXPECT_EQ(server.connections(), 0);
}

// --- cancelling ----------------------------------------------------------------------------------------------------

TEST_F(CurlHttpClientTest, CancelEndsACallUnderWay) {
  std::latch arrived(1);
  HttpServer server([&](const ReceivedRequest&, Peer& peer) {
    arrived.count_down();
    peer.wait_for_close();
  });
  auto result = send(get(server.url()));
  arrived.wait();
  client_->cancel(last_call_);
  EXPECT_EQ(result.get().error().code, ErrorCode::cancelled);
  client_->cancel(last_call_);  // too late: ignored
  HttpServer second(answer_ok);
  EXPECT_TRUE(call(get(second.url())));
}

TEST_F(CurlHttpClientTest, DestructionRepliesToEveryCallExactlyOnce) {
  std::latch arrived(1);
  HttpServer server([&, first = std::make_shared<std::once_flag>()](const ReceivedRequest&, Peer& peer) {
    std::call_once(*first, [&] { arrived.count_down(); });
    peer.wait_for_close();
  });
  std::atomic<int> cancelled{0}, replies{0};
  for (int i = 0; i < 50; ++i)
    client_->send(get(server.url()), [&](auto result) {
      ++replies;
      if (!result && result.error().code == ErrorCode::cancelled) ++cancelled;
    });
  arrived.wait();
  client_.reset();
  EXPECT_EQ(replies, 50);
  EXPECT_EQ(cancelled, 50);
}

TEST_F(CurlHttpClientTest, ManyThreadsMaySendAndCancelAtOnce) {
  HttpServer server(answer_ok);
  constexpr int kThreads = 4, kCalls = 100;
  std::latch all(kThreads * kCalls);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const auto id = client_->send(get(server.url()), [&](auto) { all.count_down(); });
        if (i % 3 == 0) client_->cancel(id);
      }
    });
  for (auto& thread : threads) thread.join();
  all.wait();
}

TEST_F(CurlHttpClientTest, AReplyMaySendTheNextCall) {
  HttpServer server(answer_ok);
  std::promise<int> statuses;
  client_->send(get(server.url()), [&](auto) {
    client_->send(get(server.url()), [&](auto second) { statuses.set_value(second ? second->status : 0); });
  });
  EXPECT_EQ(statuses.get_future().get(), 200);
}

}  // namespace
}  // namespace troupe
