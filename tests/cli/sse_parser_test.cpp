#include "cli/sse_parser.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::cli {
namespace {

std::vector<std::string> parse(SseParser& parser, const std::vector<std::string>& pieces) {
  std::vector<std::string> events;
  for (const std::string& piece : pieces)
    parser.feed(piece, [&](const ServerEvent& event) {
      events.push_back(event.kind + "|" + event.id + "|" + event.data);
      return true;
    });
  return events;
}

TEST(SseParser, ReadsEventsHoweverTheBytesAreCut) {
  const std::string stream =
      "retry: 1500\n\n: a comment\nid: 1\nevent: status\ndata: {\"a\":1}\n\nevent:log\r\ndata:one\r\ndata:  two\r\n\r\ndata\r\r";
  const std::vector<std::string> expected = {"status|1|{\"a\":1}", "log|1|one\n two", "message|1|"};
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size(); at += size) pieces.push_back(stream.substr(at, size));
    SseParser parser;
    EXPECT_EQ(parse(parser, pieces), expected) << "in pieces of " << size;
    EXPECT_EQ(parser.retry(), Millis(1500));
  }
}

TEST(SseParser, ForgetsACutEventButNotTheLastId) {
  SseParser parser;
  parse(parser, {"id: 7\ndata: x\n\nevent: status\ndata: {\"cut"});
  parser.restart();
  EXPECT_EQ(parser.last_id(), "7");
  EXPECT_EQ(parse(parser, {"data: y\n\n"}), std::vector<std::string>{"message|7|y"});
}

TEST(SseParser, TakesNoEventWithoutData) {
  SseParser parser;
  EXPECT_TRUE(parse(parser, {"event: status\nid: 3\n\n\n\n"}).empty());
  EXPECT_EQ(parser.last_id(), "3");
}

TEST(SseParser, StopsWhenTold) {
  SseParser parser;
  int seen = 0;
  EXPECT_FALSE(parser.feed("data: 1\n\ndata: 2\n\n", [&](const ServerEvent&) { return ++seen < 1; }));
  EXPECT_EQ(seen, 1);
}

TEST(SseParser, IgnoresARetryThatIsNoTime) {
  SseParser parser;
  parse(parser, {"retry: soon\n\nretry: -1\n\nretry: 99999999999\n\n"});
  EXPECT_FALSE(parser.retry());
}

}  // namespace
}  // namespace troupe::cli
