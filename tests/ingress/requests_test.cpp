// How requests arrive, in whatever pieces, and when the server loses patience.
#include <gtest/gtest.h>

#include <future>

#include "ingress/server_fixture.hpp"

namespace troupe::ingress {
namespace {

using RequestsTest = ServerTest;

TEST_F(RequestsTest, ReachTheHandlerSplitDecodedAndWithLowerCaseHeaders) {
  std::promise<Request> arrived;
  serve([&arrived](Request request, std::shared_ptr<Responder> responder) {
    arrived.set_value(std::move(request));
    responder->respond(text("ok"));
  });
  auto caller = client();
  caller.send(
      "PROPFIND /a%2Fb/%C3%BC?x=%31&y HTTP/1.1\r\nHOST: h\r\nX-Request-ID: my.id:1\r\nX-A:  padded \t\r\n"
      "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_EQ(caller.read_response().status, 200);
  const Request seen = arrived.get_future().get();
  EXPECT_EQ(seen.method, "PROPFIND");
  EXPECT_EQ(seen.target, "/a%2Fb/%C3%BC?x=%31&y");
  EXPECT_EQ(seen.path, "/a/b/\u00fc");
  EXPECT_EQ(seen.query, "x=%31&y");
  EXPECT_EQ(seen.header("x-a"), "padded");
  EXPECT_EQ(seen.header("host"), "h");
  EXPECT_EQ(seen.body, "abc");
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_EQ(seen.request_id, "my.id:1");
}

TEST_F(RequestsTest, MayNameTheirTargetInEveryForm) {
  serve_echo();
  struct Row {
    const char *line, *echo;
  };
  for (const Row& row :
       {Row{"GET http://a.b:80/x?y", "GET /x?y "}, Row{"GET HTTPS://a", "GET /? "}, Row{"GET http://a?q", "GET /?q "},
        Row{"OPTIONS *", "OPTIONS *? "}, Row{"CONNECT a:443", "CONNECT a:443? "}, Row{"GET /?a?b", "GET /?a?b "},
        Row{"GET //a", "GET //a? "}, Row{"M-SEARCH /", "M-SEARCH /? "}}) {
    auto caller = client();
    caller.send(std::string(row.line) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(caller.read_response().body, row.echo);
  }
}

TEST_F(RequestsTest, BearTheirIdBackAndGetAFreshOneIfItIsNotWellFormed) {
  serve_echo();
  auto caller = client();
  caller.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: A-z_0.9:\r\n\r\n");
  EXPECT_EQ(caller.read_response().headers.at("x-request-id"), "A-z_0.9:");
  for (const auto& bad : {std::string("a b"), std::string(129, 'a'), std::string()}) {
    caller.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + bad + "\r\n\r\n");
    EXPECT_EQ(caller.read_response().headers.at("x-request-id").size(), 36u);
  }
}

TEST_F(RequestsTest, AreAnsweredInOrderWhenPipelined) {
  OtherThread actors;
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    const auto answer = [path = request.path, responder] { responder->respond(text(path)); };
    // Some at once, some from elsewhere: neither may overtake the other.
    if (request.path.size() % 2 == 0) return answer();
    actors.post(answer);
  });
  auto caller = client();
  std::string all;  // more than the server reads at once, so that it stops within a request
  for (int i = 0; i < 3000; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_TRUE(caller.send(all));
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(caller.read_response().body, "/" + std::to_string(i));
}

TEST_F(RequestsTest, AreHandledOneAtATimeOnAConnection) {
  Held held;
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    if (request.path == "/now") return responder->respond(text("now"));
    held.add(std::move(responder));
  });
  auto caller = client();
  caller.send(std::string(kGet) + std::string(kGet));
  ASSERT_TRUE(held.wait_for(1));
  ASSERT_EQ(get("/now").body, "now") << "another connection does not wait for this one";
  EXPECT_EQ(held.count(), 1u) << "the second request waits for the first one's answer";
  held.at(0).respond(text("first"));
  ASSERT_TRUE(held.wait_for(2));
  held.at(1).respond(text("second"));
  EXPECT_EQ(caller.read_response().body, "first");
  EXPECT_EQ(caller.read_response().body, "second");
}

TEST_F(RequestsTest, MayArriveByteByByte) {
  serve_echo();
  auto caller = client();
  const std::string_view whole =
      "\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n2\r\nde\r\n0\r\nT: "
      "x\r\n\r\n";
  for (int round = 0; round < 2; ++round) {
    for (char c : whole) ASSERT_TRUE(caller.send({&c, 1}));
    EXPECT_EQ(caller.read_response().body, "POST /a?b abcde");
  }
}

TEST_F(RequestsTest, WithABodyOfExactlyTheBoundAreTaken) {
  options_.body_bytes = 300'000;
  serve_echo();
  auto caller = client();
  const std::string body(300'000, 'b');
  caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
  EXPECT_EQ(caller.read_response().body, "POST /? " + body);
  caller.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 300; ++i) caller.send("3e8\r\n" + std::string(1000, 'b') + "\r\n");
  caller.send("0\r\n\r\n");
  EXPECT_EQ(caller.read_response().body, "POST /? " + body);
}

TEST_F(RequestsTest, ThatAskAreToldToContinueBeforeTheySendTheBody) {
  serve_echo();
  auto caller = client();
  caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(caller.read_response().status, 100);
  caller.send("abc");
  EXPECT_EQ(caller.read_response().body, "POST /? abc");
  caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
  EXPECT_EQ(caller.read_response().status, 200) << "the body is there already";
  caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(caller.read_response().status, 200) << "there is no body to wait for";
}

TEST_F(RequestsTest, KeepTheConnectionAsTheirVersionAndHeadersSay) {
  serve_echo();
  struct Row {
    const char *request, *connection;
    bool kept;
  };
  for (const Row& row : {Row{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", true},
                         Row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close", false},
                         Row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "close", false},
                         Row{"GET / HTTP/1.0\r\n\r\n", "close", false},
                         Row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", true},
                         Row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "", true}}) {
    SCOPED_TRACE(row.request);
    auto caller = client();
    caller.send(row.request);
    auto response = caller.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers["connection"], row.connection);
    if (row.kept) {
      caller.send(kGet);
      EXPECT_EQ(caller.read_response().status, 200);
    } else {
      EXPECT_TRUE(caller.is_ended());
    }
  }
}

TEST_F(RequestsTest, AreAnsweredEvenIfTheClientSaysThatItSendsNoMore) {
  OtherThread actors;
  serve([&](Request, std::shared_ptr<Responder> responder) {
    actors.post([responder] { responder->respond(text("late")); });
  });
  auto caller = client();
  caller.send(kGet);
  caller.shut_down_sending();
  EXPECT_EQ(caller.read_response().body, "late");
  EXPECT_TRUE(caller.is_ended());
}

class PatienceTest : public ServerTest {
 protected:
  PatienceTest() {
    options_.request_stall = 100ms;
    options_.keep_alive_idle = 100ms;
  }
};

TEST_F(PatienceTest, EndsForARequestThatStopsAnywhere) {
  options_.keep_alive_idle = 10s;
  serve_echo();
  for (const std::string_view begun : {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
                                       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
                                       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    SCOPED_TRACE(begun);
    auto caller = client();
    caller.send(begun);
    const auto response = caller.read_response();
    EXPECT_EQ(response.status, 408);
    EXPECT_EQ(response.headers.at("connection"), "close");
    EXPECT_TRUE(caller.is_ended());
  }
}

TEST_F(PatienceTest, EndsForAHeadOrABodyThatDripsForEver) {
  options_.keep_alive_idle = 10s;
  serve_echo();
  for (const std::string_view begun :
       {"GET / HTTP/1.1\r\nHost: ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"}) {
    auto caller = client();
    caller.send(begun);
    const auto start = std::chrono::steady_clock::now();
    std::thread drip([&] {
      while (caller.send("x") && std::chrono::steady_clock::now() < start + 2s) std::this_thread::sleep_for(20ms);
    });
    EXPECT_EQ(caller.read_response().status, 408);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
    caller.shut_down_sending();
    drip.join();
  }
}

TEST_F(PatienceTest, EndsSilentlyForAnIdleConnection) {
  serve_echo();
  auto fresh = client();
  auto used = client();
  used.send(kGet);
  EXPECT_EQ(used.read_response().status, 200);
  EXPECT_TRUE(fresh.is_ended());
  EXPECT_TRUE(used.is_ended());
}

TEST_F(PatienceTest, DoesNotEndWhileTheHandlerIsAtWork) {
  serve([](Request, std::shared_ptr<Responder> responder) {
    responder->after(400ms, [responder] { responder->respond(text("at last")); });
  });
  EXPECT_EQ(get("/").body, "at last");
}

}  // namespace
}  // namespace troupe::ingress
