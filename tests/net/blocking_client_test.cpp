#include "net/blocking_client.hpp"

#include <gtest/gtest.h>

#include "support/http_server.hpp"

namespace troupe {
namespace {

using testing::HttpServer;
using testing::Peer;
using testing::ReceivedRequest;
using namespace std::chrono_literals;

TEST(BlockingClient, SendsMethodHeadersAndBodyAndGivesTheAnswer) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(202, "taken", "X-Request-Id: abc\r\n"); });
  BlockingHttpClient client;
  const auto answer = client.send({.method = "POST",
                                   .url = server.url("/v1/jobs"),
                                   .headers = {{"Content-Type", "application/json"}, {"Prefer", "wait=1"}},
                                   .body = "{}"});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->body, "taken");
  const std::pair<std::string, std::string> id{"x-request-id", "abc"};
  EXPECT_EQ(std::count(answer->headers.begin(), answer->headers.end(), id), 1);

  const ReceivedRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/jobs");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("prefer"), "wait=1");
  EXPECT_EQ(request.body, "{}");
}

TEST(BlockingClient, SendsAnEmptyPostWithALength) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(200, ""); });
  BlockingHttpClient client;
  ASSERT_TRUE(client.send({.method = "POST", .url = server.url()}).ok());
  EXPECT_EQ(server.requests().at(0).headers.at("content-length"), "0");
}

TEST(BlockingClient, ReusesItsConnection) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(200, "ok"); });
  BlockingHttpClient client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send({.url = server.url()}).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST(BlockingClient, TellsWhenNothingListens) {
  BlockingHttpClient client;
  const auto answer = client.send({.url = "http://127.0.0.1:" + std::to_string(testing::closed_port())});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::http_failed);
}

TEST(BlockingClient, TellsWhenTheServerIsSilent) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.wait_for_close(); });
  BlockingHttpClient client;
  const auto answer = client.send({.url = server.url(), .timeout = 100ms});
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().retryable);
}

TEST(BlockingClient, RefusesAnAnswerAboveItsBound) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(200, std::string(2000, 'x')); });
  BlockingHttpClient client;
  const auto answer = client.send({.url = server.url(), .response_bytes_max = 1000});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::output_too_large);
}

TEST(BlockingClient, HandsOutAStreamWhileItArrivesAndStopsWhenTold) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none \r\n");
    peer.send("4\r\ntwo \r\n");
    peer.wait_for_close();  // it would go on for ever
    peer.close();
  });
  BlockingHttpClient client;
  std::string taken;
  const auto answer = client.stream({.url = server.url()}, [&](std::string_view piece) {
    taken += piece;
    return taken.find("two") == std::string::npos;
  });
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(taken, "one two ");
  EXPECT_EQ(answer->status, 200);
}

TEST(BlockingClient, KeepsTheBodyOfARefusedStream) {
  HttpServer server([](const ReceivedRequest&, Peer& peer) { peer.respond(404, "{}"); });
  BlockingHttpClient client;
  const auto answer = client.stream({.url = server.url()}, [](std::string_view) {
    ADD_FAILURE() << "a problem is no part of the stream";
    return true;
  });
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "{}");
}

}  // namespace
}  // namespace troupe
