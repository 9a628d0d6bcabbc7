// Bodies that go to a sink piece by piece: order, back-pressure, refusal before the body, and bodies that break off.
#include <vector>

#include "server_fixture.hpp"

namespace troupe::ingress {
namespace {

/// Keeps what comes; the test says whether there is room.
class TestSink final : public BodySink {
 public:
  explicit TestSink(std::shared_ptr<Responder> responder) : responder_(std::move(responder)) {}

  void take(std::string_view bytes) override {
    {
      const std::lock_guard lock(mutex_);
      text_ += bytes;
    }
    if (bytes.find("bad") == bytes.npos) return;
    over_ = true;
    responder_->respond(troupe::ingress::text("refused " + taken(), 400));
  }
  bool has_room() const override { return room; }
  void complete() override {
    if (!over_) responder_->respond(troupe::ingress::text("whole " + taken()));
  }
  void fail(const Error& error) override {
    responder_->respond(troupe::ingress::text("failed " + std::string(code_text(error.code)) + " " + taken(), 400));
  }

  std::string taken() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void make_room() {
    room = true;
    responder_->read_on();
  }

  std::atomic<bool> room{true};

 private:
  const std::shared_ptr<Responder> responder_;
  mutable std::mutex mutex_;
  std::string text_;
  bool over_ = false;
};

class StreamedBodiesTest : public ServerTest {
 protected:
  /// POST /stream goes to a sink, POST /refused is refused by its head, all else is echoed.
  void serve_streams() {
    options_.body_rules = [](std::string_view, std::string_view path) -> BodyRule {
      return {path == "/whole" ? 100u : 1u << 20, path != "/whole"};
    };
    serve([this](Request request, std::shared_ptr<Responder> responder) {
      if (request.path == "/whole") return responder->respond(text("echo " + request.body));
      if (request.path == "/refused") return responder->respond(text("no", 401));
      auto sink = std::make_shared<TestSink>(responder);
      sink->room = !starts_full_;
      expectation_ = request.header("expect").has_value();
      {
        const std::lock_guard lock(mutex_);
        sinks_.push_back(sink);
      }
      if (!gives_sink_later_) return responder->read_body(sink);
      later_.post([responder, sink] { responder->read_body(sink); });
    });
  }
  std::shared_ptr<TestSink> sink(std::size_t index = 0) {
    std::shared_ptr<TestSink> found;
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      if (sinks_.size() > index) found = sinks_[index].lock();
      return found != nullptr;
    }));
    return found;
  }
  static std::string head(std::string_view path, const std::string& framing) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + framing + "\r\n\r\n";
  }

  bool starts_full_ = false, gives_sink_later_ = false;
  std::atomic<bool> expectation_{false};

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<TestSink>> sinks_;
  OtherThread later_;
};

TEST_F(StreamedBodiesTest, ArriveInOrderInWhateverPiecesTheyCome) {
  serve_streams();
  for (bool later : {false, true}) {
    gives_sink_later_ = later;
    auto one = client();
    for (int round = 0; round < 2; ++round) {  // the connection is kept
      ASSERT_TRUE(one.send(head("/stream", "Content-Length: 6")));
      for (const char* piece : {"ab", "c", "def"}) ASSERT_TRUE(one.send(piece));
      EXPECT_EQ(one.read_response().body, "whole abcdef");
    }
    ASSERT_TRUE(one.send(head("/stream", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"));
    ASSERT_TRUE(one.send("3\r\ndef\r\n0\r\n\r\n"));
    EXPECT_EQ(one.read_response().body, "whole abcdef");
    ASSERT_TRUE(one.send(head("/stream", "Content-Length: 3") + "abc" + head("/whole", "Content-Length: 2") + "xy"));
    EXPECT_EQ(one.read_response().body, "whole abc");
    EXPECT_EQ(one.read_response().body, "echo xy");
  }
}

TEST_F(StreamedBodiesTest, AreReadOnlyWhileThereIsRoom) {
  starts_full_ = true;
  serve_streams();
  auto one = client();
  const std::string body(900'000, 'x');
  ASSERT_TRUE(one.send(head("/stream", "Content-Length: " + std::to_string(body.size()))));
  const auto full = sink();
  std::thread sender([&] { EXPECT_TRUE(one.send(body)); });
  EXPECT_EQ(get("/stream").body.substr(0, 5), "whole") << "others are served meanwhile";
  EXPECT_EQ(full->taken(), "") << "nothing is read without room";
  full->make_room();
  EXPECT_EQ(one.read_response().body.size(), 6 + body.size());
  sender.join();
}

TEST_F(StreamedBodiesTest, AClientThatWasHeldBackByUsIsNotLate) {
  options_.request_stall = 200ms;
  starts_full_ = true;
  serve_streams();
  auto one = client();
  ASSERT_TRUE(one.send(head("/stream", "Content-Length: 3")));
  const auto full = sink();
  // Longer than a stall, by the server's own clock: another connection is timed out meanwhile.
  auto late = client();
  ASSERT_TRUE(late.send("POST /whole HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n"));
  EXPECT_EQ(late.read_response().status, 408);
  full->make_room();
  ASSERT_TRUE(one.send("abc"));
  EXPECT_EQ(one.read_response().body, "whole abc");
}

TEST_F(StreamedBodiesTest, ARefusedHeadEndsTheConnectionAfterTheAnswer) {
  serve_streams();
  auto one = client();
  ASSERT_TRUE(one.send(head("/refused", "Content-Length: 500000") + std::string(10'000, 'x')));
  const auto answer = one.read_response();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(one.is_ended());
}

TEST_F(StreamedBodiesTest, TheClientIsToldToGoOnWhenThereIsASink) {
  serve_streams();
  auto one = client();
  ASSERT_TRUE(one.send(head("/stream", "Expect: 100-continue\r\nContent-Length: 3")));
  EXPECT_EQ(one.read_response().status, 100);
  EXPECT_TRUE(expectation_) << "the handler sees the whole head";
  ASSERT_TRUE(one.send("abc"));
  EXPECT_EQ(one.read_response().body, "whole abc");

  auto other = client();
  ASSERT_TRUE(other.send(head("/refused", "Expect: 100-continue\r\nContent-Length: 3")));
  EXPECT_EQ(other.read_response().status, 401) << "no 100 before";
}

TEST_F(StreamedBodiesTest, TheSinkHearsWhyTheRestDoesNotCome) {
  options_.request_stall = 100ms;
  serve_streams();
  auto stalled = client();
  ASSERT_TRUE(stalled.send(head("/stream", "Content-Length: 6") + "abc"));
  EXPECT_EQ(stalled.read_response().body, "failed request_timeout abc");
  EXPECT_TRUE(stalled.is_ended());

  auto broken = client();
  ASSERT_TRUE(broken.send(head("/stream", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"));
  ASSERT_TRUE(eventually([&] { return sink(1)->taken() == "abc"; }));
  ASSERT_TRUE(broken.send("nonsense\r\n"));
  EXPECT_EQ(broken.read_response().body, "failed malformed_request abc");

  auto large = client();
  ASSERT_TRUE(large.send(head("/stream", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"));
  ASSERT_TRUE(eventually([&] { return sink(2)->taken() == "abc"; }));
  ASSERT_TRUE(large.send("FFFFFFF\r\nabc"));
  EXPECT_EQ(large.read_response().body.substr(0, 24), "failed payload_too_large");

  auto declared = client();
  ASSERT_TRUE(declared.send(head("/stream", "Content-Length: 2000000")));
  EXPECT_EQ(declared.read_response().status, 413) << "refused by its head, without a sink";
}

TEST_F(StreamedBodiesTest, MayBeAnsweredBeforeTheyAreWhole) {
  serve_streams();
  for (bool later : {false, true})
    for (const char* length : {"3", "500000"}) {
      gives_sink_later_ = later;
      auto one = client();
      ASSERT_TRUE(one.send(head("/stream", std::string("Content-Length: ") + length) + "bad"));
      const auto answer = one.read_response();
      EXPECT_EQ(answer.body, "refused bad") << later << length;
      ASSERT_TRUE(one.send(head("/whole", "Content-Length: 2") + "xy"));
      const auto next = one.read_response();
      if (answer.headers.count("connection") > 0)
        EXPECT_EQ(next.status, 0) << "what follows is no request";
      else
        EXPECT_EQ(next.body, "echo xy") << "the body was whole before the answer";
      EXPECT_EQ(answer.headers.count("connection"), later && length[1] == '\0' ? 0u : 1u) << later << length;
    }
}

TEST_F(StreamedBodiesTest, AClientThatLeavesLetsGoOfTheSink) {
  serve_streams();
  std::weak_ptr<TestSink> left;
  {
    auto one = client();
    ASSERT_TRUE(one.send(head("/stream", "Content-Length: 6") + "abc"));
    left = sink();
  }
  EXPECT_TRUE(eventually([&] { return left.expired(); }));
}

}  // namespace
}  // namespace troupe::ingress
