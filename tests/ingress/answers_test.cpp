// How answers leave: from any thread, whole, as content or as a stream.
#include <gtest/gtest.h>

#include "ingress/server_fixture.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

using AnswersTest = ServerTest;

TEST_F(AnswersTest, CarryTheServersOwnHeaders) {
  serve_echo();
  const auto response = get("/");
  EXPECT_EQ(response.headers.at("content-length"), std::to_string(response.body.size()));
  EXPECT_EQ(response.headers.at("content-type"), "text/plain");
  EXPECT_EQ(response.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(response.headers.at("x-request-id").size(), 36u);
  EXPECT_EQ(response.headers.at("date").size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
  EXPECT_EQ(response.headers.count("connection"), 0u);
}

TEST_F(AnswersTest, HaveNoBodyForHeadAndForStatusesWithout) {
  serve([](Request request, std::shared_ptr<Responder> responder) {
    const int status = request.path == "/204" ? 204 : request.path == "/304" ? 304 : 200;
    responder->respond(text("a body", status));
  });
  auto caller = client();
  caller.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(caller.read_response(true).headers.at("content-length"), "6");
  for (const char* path : {"/204", "/304"}) EXPECT_EQ(caller.get(path).headers.count("content-length"), 0u);
  EXPECT_EQ(caller.get("/").body, "a body") << "nothing of the bodies was left on the connection";
}

TEST_F(AnswersTest, MayComeFromAnyThread) {
  OtherThread first, second;
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    auto& thread = request.path == "/1" ? first : second;
    thread.post([responder, path = request.path] { responder->respond(text(path)); });
  });
  std::vector<RawClient> callers;
  for (int i = 0; i < 20; ++i) callers.push_back(client());
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < callers.size(); ++i)
      callers[i].send("GET /" + std::to_string(i % 2) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    for (std::size_t i = 0; i < callers.size(); ++i)
      EXPECT_EQ(callers[i].read_response().body, "/" + std::to_string(i % 2));
  }
}

TEST_F(AnswersTest, ThatAreForgottenBecomeAnInternalError) {
  OtherThread actors;
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    if (request.path == "/there") actors.post([forgotten = std::move(responder)]() mutable { forgotten.reset(); });
  });
  auto caller = client();
  for (const char* path : {"/here", "/there"}) {
    const auto response = caller.get(path);
    EXPECT_EQ(response.status, 500);
    EXPECT_TRUE(response.body.starts_with("internal " + response.headers.at("x-request-id"))) << response.body;
  }
}

TEST_F(AnswersTest, ForAClientThatHasGoneAreDropped) {
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  {
    auto caller = client();
    caller.send(kGet);
    ASSERT_TRUE(held.wait_for(1));
  }
  held.at(0).respond(text(std::string(1 << 20, 'x')));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(AnswersTest, AfterTheServerHasGoneAreDropped) {
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  auto first = client(), second = client(), third = client();
  for (auto* caller : {&first, &second, &third}) caller->send(kGet);
  ASSERT_TRUE(held.wait_for(3));
  server_.reset();
  held.at(0).respond(text("too late"));
  bool over = false;
  held.at(1).start_stream(text(""))->on_close([&] { over = true; });
  EXPECT_TRUE(over);
  held.drop_all();  // the third is dropped unanswered
  EXPECT_TRUE(first.is_ended());
}

TEST_F(AnswersTest, DelayedFunctionsRunOnceAndNotAfterTheConnectionOrTheRequestHasEnded) {
  Held held;
  std::atomic<int> runs{0};
  auto alive = std::make_shared<int>();
  serve([&](Request request, std::shared_ptr<Responder> responder) {
    responder->after(request.path == "/soon" ? 1ms : 60'000ms, [&runs, alive] { ++runs; });
    held.add(std::move(responder));
  });
  auto caller = client();
  caller.send("GET /soon HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return runs == 1; }));
  held.at(0).respond(text("done"));
  EXPECT_EQ(caller.read_response().body, "done");
  caller.send(kGet);
  ASSERT_TRUE(held.wait_for(2));
  EXPECT_TRUE(eventually([&] { return alive.use_count() == 2; })) << "the second waits";
  held.at(1).respond(text("answered before"));
  EXPECT_EQ(caller.read_response().body, "answered before");
  EXPECT_TRUE(eventually([&] { return alive.use_count() == 1; })) << "what is not run is let go at once";
  EXPECT_EQ(runs, 1);
}

// --- content ---

/// A blob whose byte at n is a function of n, so that any part can be checked.
class PatternSource : public BlobSource {
 public:
  explicit PatternSource(std::uint64_t size, std::uint64_t fails_at = ~0ull) : size_(size), fails_at_(fails_at) {}
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
    if (offset + count > fails_at_) return {ErrorCode::io_failed, "the disk has gone"};
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i) bytes[i] = at(offset + i);
    ++reads;
    return bytes;
  }
  static char at(std::uint64_t place) { return static_cast<char>((place * 2654435761u) >> 13); }

  std::atomic<int> reads{0};

 private:
  std::uint64_t size_, fails_at_;
};

class ContentTest : public ServerTest {
 protected:
  void serve_content(std::shared_ptr<PatternSource> source, std::uint64_t offset, std::uint64_t length) {
    serve([=](Request, std::shared_ptr<Responder> responder) {
      responder->respond({200, {}, {}, Response::Content{source, offset, length}});
    });
  }
  static bool is_pattern(const std::string& body, std::uint64_t offset) {
    for (std::size_t i = 0; i < body.size(); ++i)
      if (body[i] != PatternSource::at(offset + i)) return false;
    return true;
  }
};

TEST_F(ContentTest, ArrivesWholeHoweverLarge) {
  serve_content(std::make_shared<PatternSource>(20'000'001), 0, 20'000'001);
  auto caller = client();
  for (int round = 0; round < 2; ++round) {
    const auto response = caller.get("/");
    EXPECT_EQ(response.headers.at("content-length"), "20000001");
    EXPECT_EQ(response.body.size(), 20'000'001u);
    EXPECT_TRUE(is_pattern(response.body, 0));
  }
}

TEST_F(ContentTest, MayBeAPartOrNothing) {
  const auto source = std::make_shared<PatternSource>(1'000'000);
  serve_content(source, 123'456, 700'000);
  const auto response = get("/");
  EXPECT_EQ(response.body.size(), 700'000u);
  EXPECT_TRUE(is_pattern(response.body, 123'456));
  auto caller = client();
  caller.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const int reads = source->reads;
  EXPECT_EQ(caller.read_response(true).headers.at("content-length"), "700000");
  EXPECT_EQ(source->reads, reads) << "HEAD reads nothing";
  server_.reset();
  serve_content(source, 5, 0);
  EXPECT_EQ(get("/").headers.at("content-length"), "0");
}

TEST_F(ContentTest, IsReadNoFasterThanTheClientTakesIt) {
  const auto source = std::make_shared<PatternSource>(1 << 30);
  serve_content(source, 0, 1 << 30);
  auto caller = client(4096);
  caller.send(kGet);
  ASSERT_TRUE(caller.read_until("\r\n\r\n"));
  // The kernel's buffers take a few megabytes; the reading must come to rest there.
  int before = -1;
  EXPECT_TRUE(eventually([&] {
    const int now = source->reads;
    if (now == std::exchange(before, now) && now > 0) return true;
    std::this_thread::sleep_for(50ms);
    return false;
  }));
  EXPECT_LT(source->reads, 100);
  caller.close();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ContentTest, ThatCannotBeReadIsAnErrorAtFirstAndACutLater) {
  serve_content(std::make_shared<PatternSource>(1'000'000, 0), 0, 1'000'000);
  const auto refused = get("/");
  EXPECT_EQ(refused.status, 500);
  EXPECT_TRUE(refused.body.starts_with("io_failed"));
  server_.reset();
  serve_content(std::make_shared<PatternSource>(1'000'000, 600'000), 0, 1'000'000);
  const auto cut = get("/");
  EXPECT_EQ(cut.status, 200);
  EXPECT_FALSE(cut.whole) << "the client sees that it is not all";
  server_.reset();
  serve_content(std::make_shared<PatternSource>(1'000), 500, 1'000);
  EXPECT_EQ(get("/").status, 500) << "shorter than promised";
}

TEST_F(ContentTest, IsCutOffForAClientThatTakesNothing) {
  options_.write_stall = 100ms;
  serve_content(std::make_shared<PatternSource>(1 << 30), 0, 1 << 30);
  auto caller = client(4096);
  caller.send(kGet);
  ASSERT_TRUE(eventually([&] { return server_->connections() == 1; }));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

// --- streams ---

class StreamTest : public ServerTest {
 protected:
  /// Every request becomes a stream that the test holds.
  void serve_streams() {
    serve([this](Request, std::shared_ptr<Responder> responder) {
      auto stream = responder->start_stream({200, {{"Content-Type", "text/event-stream"}}, {}, {}});
      stream->on_close([this] { ++closes_; });
      std::lock_guard lock(mutex_);
      streams_.push_back(std::move(stream));
    });
  }
  std::shared_ptr<Stream> stream() {
    EXPECT_TRUE(eventually([this] {
      std::lock_guard lock(mutex_);
      return !streams_.empty();
    }));
    std::lock_guard lock(mutex_);
    return streams_.back();
  }
  bool closed_once() {
    return eventually([this] { return closes_ > 0; }) && closes_ == 1;
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::atomic<int> closes_{0};
};

TEST_F(StreamTest, SendsPiecesAtOnceAndInOrderAndEndsWell) {
  serve_streams();
  auto caller = client();
  caller.send(kGet);
  ASSERT_TRUE(stream()->send("first"));
  EXPECT_TRUE(caller.read_until("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(caller.read_until("5\r\nfirst\r\n"));
  EXPECT_TRUE(stream()->send(""));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(stream()->send(std::to_string(i) + ';'));
  stream()->close();
  EXPECT_FALSE(stream()->send("too late"));
  // How they are cut into chunks is the loop's business.
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(caller.read_until(std::to_string(i) + ';'));
  EXPECT_TRUE(caller.read_until("0\r\n\r\n"));
  EXPECT_TRUE(caller.is_ended());
  EXPECT_TRUE(closed_once());
}

TEST_F(StreamTest, IsEndedByClosingForHttp10) {
  serve_streams();
  auto caller = client();
  caller.send("GET / HTTP/1.0\r\n\r\n");
  stream()->send("one ");
  stream()->send("two");
  stream()->close();
  const auto response = caller.read_response();
  EXPECT_EQ(response.headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(response.body, "one two");
}

TEST_F(StreamTest, HasNoBodyForHead) {
  serve_streams();
  auto caller = client();
  caller.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(caller.read_response(true).status, 200);
  EXPECT_TRUE(caller.is_ended());
  EXPECT_TRUE(closed_once());
}

TEST_F(StreamTest, CarriesLargePiecesToASlowReader) {
  serve_streams();
  auto caller = client(4096);
  caller.send(kGet);
  std::string sent;
  for (int i = 0; i < 40; ++i) {
    const std::string piece(100'000, static_cast<char>('a' + i % 26));
    sent += piece;
    ASSERT_TRUE(stream()->send(piece));
  }
  stream()->close();
  const auto response = caller.read_response();
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(response.body, sent);
}

TEST_F(StreamTest, DisconnectsAReaderThatIsTooFarBehind) {
  options_.write_stall = 60s;  // long before this
  serve_streams();
  auto caller = client(4096);
  caller.send(kGet);
  const std::string piece(64 << 10, 'x');
  std::size_t sent = 0;
  while (stream()->send(piece)) ASSERT_LT(sent += piece.size(), limits::kStreamBytes * 10);
  EXPECT_GE(sent, limits::kStreamBytes);
  EXPECT_TRUE(closed_once());
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
  EXPECT_FALSE(stream()->send(piece));
}

TEST_F(StreamTest, DoesNotDisconnectAReaderThatKeepsUp) {
  serve_streams();
  auto caller = client();
  caller.send(kGet);
  const auto to = stream();
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(to->send("event " + std::to_string(i) + ";"));
    if (i % 100 != 99) continue;
    ASSERT_TRUE(caller.read_until("event " + std::to_string(i) + ";"));
  }
}

TEST_F(StreamTest, NoticesThatTheClientHasGone) {
  serve_streams();
  {
    auto caller = client();
    caller.send(kGet);
    ASSERT_TRUE(stream()->send("hello"));
    ASSERT_TRUE(caller.read_until("hello"));
    caller.send("what a client says meanwhile is not heard");
  }
  EXPECT_TRUE(closed_once());
  EXPECT_FALSE(stream()->send("anyone?"));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(StreamTest, TellsAHandlerThatIsSetTooLate) {
  Held held;
  serve([&](Request, std::shared_ptr<Responder> responder) { held.add(std::move(responder)); });
  {
    auto caller = client();
    caller.send(kGet);
    ASSERT_TRUE(held.wait_for(1));
  }
  const auto late = held.at(0).start_stream(text(""));
  // The client has gone; sooner or later the stream knows.
  EXPECT_TRUE(eventually([&] { return !late->send("x"); }));
  late->on_close([this] { ++closes_; });
  EXPECT_TRUE(closed_once());
}

TEST_F(StreamTest, DelayedFunctionsBeatForAsLongAsItIsOpen) {
  serve([this](Request, std::shared_ptr<Responder> responder) {
    auto stream = responder->start_stream({200, {}, {}, {}});
    stream->on_close([this] { ++closes_; });
    auto beat = std::make_shared<std::function<void()>>();
    *beat = [stream, responder, weak = std::weak_ptr(beat)] {
      if (const auto self = weak.lock(); self && stream->send("beat;")) responder->after(5ms, [self] { (*self)(); });
    };
    responder->after(5ms, [beat] { (*beat)(); });
  });
  {
    auto caller = client();
    caller.send(kGet);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(caller.read_until("beat;"));
  }
  EXPECT_TRUE(closed_once());
}

}  // namespace
}  // namespace troupe::ingress
