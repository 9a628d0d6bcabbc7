#include "bench/event_parser.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "bench/run_end.hpp"

namespace troupe::bench {
namespace {

std::string chunk(const std::string& content) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", content.size());
  return size + content + "\r\n";
}

class EventParserTest : public testing::Test {
 protected:
  std::vector<std::string> data_;
  EventParser parser_{[this](std::string_view data) { data_.emplace_back(data); }};
};

TEST_F(EventParserTest, GivesTheDataOfEachEventHoweverTheBytesArrive) {
  const std::string body = chunk("retry: 2000\n\n") + chunk("event: status\ndata: {\"a\":1}\n\nevent: sta") +
                           chunk("tus\ndata: {\"b\"") + chunk(":2}\n\n: still here\n\n");
  const std::vector<std::string> expected = {R"({"a":1})", R"({"b":2})"};
  EXPECT_TRUE(parser_.feed(body));
  EXPECT_EQ(data_, expected);
  data_.clear();
  for (const char c : body) EXPECT_TRUE(parser_.feed({&c, 1}));
  EXPECT_EQ(data_, expected);
}

TEST_F(EventParserTest, TellsTheEndOfTheBody) {
  EXPECT_FALSE(parser_.feed(chunk("data: x\n\n") + "0\r\n\r\n"));
  EXPECT_EQ(data_, std::vector<std::string>{"x"});
}

TEST_F(EventParserTest, RefusesWhatIsNoChunk) { EXPECT_FALSE(parser_.feed("event: status\n")); }

constexpr const char* kJob = "01a1fcfa-6b41-7000-902e-63e50dd9f000";

std::string event(const std::string& action) {
  return R"({"action":")" + action + R"(","job_id":")" + kJob + R"(","seq":3,"status":"success"})";
}

TEST(RunEnd, IsToldByTheRecordsThatEndARunAndByNoOther) {
  const auto completed = run_end_of(event("run.completed"));
  ASSERT_TRUE(completed);
  EXPECT_EQ(to_string(completed->job), kJob);
  EXPECT_TRUE(completed->success);
  for (const char* action : {"run.failed", "run.cancelled"}) {
    const auto end = run_end_of(event(action));
    ASSERT_TRUE(end) << action;
    EXPECT_FALSE(end->success) << action;
  }
  for (const char* action : {"job.accepted", "step.completed", "step.running"}) EXPECT_FALSE(run_end_of(event(action)));
}

TEST(RunEnd, IsNotTakenFromTextInsideAString) {
  EXPECT_FALSE(
      run_end_of(R"({"error":"\"action\":\"run.completed\"","job_id":"01a1fcfa-6b41-7000-902e-63e50dd9f000"})"));
}

}  // namespace
}  // namespace troupe::bench
