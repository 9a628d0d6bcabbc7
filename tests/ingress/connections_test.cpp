// Many connections, too many connections, and the end of them.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "ingress/server_fixture.hpp"

namespace troupe::ingress {
namespace {

using ConnectionsTest = ServerTest;

std::size_t resident_kib() {
  std::size_t pages = 0, resident = 0;
  if (auto* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu %zu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::size_t>(getpagesize()) / 1024;
}

TEST_F(ConnectionsTest, TwoThousandIdleOnesDoNotHoldUpAnother) {
  serve_echo();
  const auto before = resident_kib();
  std::vector<RawClient> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.push_back(client());
    ASSERT_TRUE(idle.back().connected());
    idle.back().send(kGet);
    ASSERT_EQ(idle.back().read_response().status, 200);
  }
  EXPECT_EQ(server_->connections(), 2000u);
  RecordProperty("kib_each", static_cast<int>((resident_kib() - before) / 2000));
  const auto start = std::chrono::steady_clock::now();
  auto caller = client();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(caller.get("/").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  for (auto& one : idle) ASSERT_EQ(one.get("/").status, 200) << "none of them was closed";
}

TEST_F(ConnectionsTest, AtTheBoundTheLongestIdleMakesRoom) {
  options_.connections = 2;
  serve_echo();
  auto first = client(), second = client();
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_EQ(second.get("/").status, 200);
  EXPECT_EQ(first.get("/").status, 200);  // so that the second is the longest idle now
  auto third = client();
  EXPECT_EQ(third.get("/").status, 200);
  EXPECT_TRUE(second.is_ended());
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_EQ(server_->connections(), 2u);
}

TEST_F(ConnectionsTest, AtTheBoundWithNoneIdleNewOnesAreToldToComeBack) {
  options_.connections = 2;
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  auto first = client(), second = client();
  first.send(kGet);
  second.send(kGet);
  ASSERT_TRUE(held.wait_for(2));
  for (int i = 0; i < 3; ++i) {
    auto third = client();
    third.send(kGet);
    const auto response = third.read_response();
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.headers.at("retry-after"), "1");
    EXPECT_TRUE(third.is_ended());
  }
  held.at(0).respond(text("done"));
  EXPECT_EQ(first.read_response().body, "done");
  auto fourth = client();
  fourth.send(kGet);
  ASSERT_TRUE(held.wait_for(3)) << "the first is idle now and makes room";
  EXPECT_TRUE(first.is_ended());
}

TEST_F(ConnectionsTest, TheBoundHoldsForAllLoopsTogether) {
  options_.connections = 4;
  options_.threads = 3;
  serve_echo();
  std::vector<RawClient> all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(client());
    EXPECT_EQ(all.back().get("/").status, 200);
  }
  EXPECT_TRUE(eventually([&] { return server_->connections() <= 4; }));
}

TEST_F(ConnectionsTest, OutOfDescriptorsTheServerShedsAndGoesOn) {
  serve_echo();
  auto idle = client();
  ASSERT_EQ(idle.get("/").status, 200);
  auto waiting = RawClient(server_->port());  // its descriptor is ours before the limit falls
  ASSERT_EQ(waiting.get("/").status, 200);
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  std::vector<RawClient> callers;
  const int next = ::dup(0);  // the lowest free descriptor
  ::close(next);
  rlimit tight = old;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;  // room for the client's end, none for the server's
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  callers.push_back(client());
  ASSERT_TRUE(callers.back().connected());
  EXPECT_EQ(callers.back().get("/").status, 200);
  EXPECT_TRUE(idle.is_ended()) << "the longest idle one was given up for it";
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(ConnectionsTest, ALoopThatIsBehindSaysWhichRequestsCameToItLate) {
  std::vector<bool> late;  // in the order in which they were served
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    late.push_back(request.late);
    std::this_thread::sleep_for(1ms);  // the load itself: the others wait in their sockets
    responder->respond(text("served"));
  });
  std::vector<RawClient> clients;
  for (int i = 0; i < 600; ++i) clients.push_back(client());
  for (auto& one : clients) one.send(kGet);
  for (auto& one : clients) ASSERT_EQ(one.read_response().status, 200);
  EXPECT_FALSE(late.front());
  EXPECT_TRUE(late.back()) << "for a long time nobody had been served in time";
}

TEST_F(ConnectionsTest, APortInUseIsAnError) {
  serve_echo();
  for (const int threads : {1, 2}) {
    ServerOptions options;
    options.port = server_->port();
    options.threads = threads;
    const auto second = Server::listen(
        options, [](Request, std::shared_ptr<Responder>) {},
        [](const Error&, const std::string&) { return Response{}; });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::io_failed);
  }
}

TEST_F(ConnectionsTest, AnUnknownHostIsAnError) {
  ServerOptions options;
  options.host = "no.such.host.invalid";
  const auto server = Server::listen(
      options, [](Request, std::shared_ptr<Responder>) {}, [](const Error&, const std::string&) { return Response{}; });
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::io_failed);
}

TEST_F(ConnectionsTest, StopLetsRequestsUnderWayFinishAndClosesTheRest) {
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  auto idle = client(), busy = client(), half = client();
  busy.send(kGet);
  ASSERT_TRUE(held.wait_for(1));
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(half.read_response().status, 100);
  ASSERT_TRUE(eventually([&] { return server_->connections() == 3; }));
  std::thread stopping([&] { server_->stop(10s); });
  EXPECT_TRUE(idle.is_ended());
  half.send("abc");
  ASSERT_TRUE(held.wait_for(2));
  EXPECT_FALSE(client().connected());
  for (const std::size_t i : {0u, 1u}) held.at(i).respond(text("finished"));
  for (auto* caller : {&busy, &half}) {
    const auto response = caller->read_response();
    EXPECT_EQ(response.body, "finished");
    EXPECT_EQ(response.headers.at("connection"), "close");
    EXPECT_TRUE(caller->is_ended());
  }
  const auto start = std::chrono::steady_clock::now();
  stopping.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s) << "nothing is left to wait for";
}

TEST_F(ConnectionsTest, StopCutsWhatIsLeftAfterTheGrace) {
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  auto busy = client();
  busy.send(kGet);
  ASSERT_TRUE(held.wait_for(1));
  server_->stop(20ms);
  EXPECT_TRUE(busy.is_ended());
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ConnectionsTest, StopEndsStreamsProperly) {
  std::atomic<int> closes{0};
  std::atomic<bool> started{false};
  serve([&](Request, std::shared_ptr<Responder> responder) {
    auto stream = responder->start_stream(text(""));
    stream->on_close([&] { ++closes; });
    stream->send("so far");
    started = true;
  });
  auto caller = client();
  caller.send(kGet);
  ASSERT_TRUE(eventually([&] { return started.load(); }));
  server_->stop(5s);
  const auto response = caller.read_response();
  EXPECT_EQ(response.body, "so far");
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(closes, 1);
}

TEST_F(ConnectionsTest, ServersComeAndGoInAnyState) {
  for (int round = 0; round < 20; ++round) {
    options_.threads = 1 + round % 3;
    serve_echo();
    auto used = client(), fresh = client();
    EXPECT_EQ(used.get("/").status, 200);
    server_.reset();
    EXPECT_TRUE(used.is_ended());
  }
  ServerOptions options;
  options.port = 0;
  auto never_started = Server::listen(
      options, [](Request, std::shared_ptr<Responder>) {}, [](const Error&, const std::string&) { return Response{}; });
  ASSERT_TRUE(never_started);
  EXPECT_NE((*never_started)->port(), 0);
}

TEST_F(ConnectionsTest, HeavyTrafficWhileStoppingLosesNoAnswerThatWasBegun) {
  OtherThread actors;
  options_.threads = 2;
  serve([&](Request, std::shared_ptr<Responder> responder) {
    actors.post([responder] { responder->respond(text(std::string(1000, 'x'))); });
  });
  std::atomic<bool> torn{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      auto caller = client();
      for (;;) {
        if (!caller.send(kGet)) return;
        const auto response = caller.read_response();
        if (response.status == 0) return;
        if (!response.whole) torn = true;
        ++answered;
      }
    });
  ASSERT_TRUE(eventually([&] { return answered > 500; }));
  server_->stop(5s);
  for (auto& caller : callers) caller.join();
  EXPECT_FALSE(torn);
}

}  // namespace
}  // namespace troupe::ingress
