// What a log line looks like, and what can never get into one.
#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

#include "telemetry/log_format.hpp"

namespace troupe::log {
namespace {

const Timestamp kAt = *parse_rfc3339("2026-11-21T01:02:03.456Z");

TEST(JsonLine, HasTimeLevelMessageAndFieldsInOrder) {
  JobId job;
  job.bytes[15] = 0x2A;
  EXPECT_EQ(format_json(kAt, Level::info, "job accepted",
                        {{"job", job},
                         {"count", 3},
                         {"share", 0.5},
                         {"again", false},
                         {"took", Millis(1500)},
                         {"code", ErrorCode::not_found}}),
            R"({"at":"2026-11-21T01:02:03.456Z","level":"info","message":"job accepted",)"
            R"("job":"00000000-0000-0000-0000-00000000002a","count":3,"share":0.5,"again":false,"took":1.5,)"
            R"("code":"not_found"})");
}

struct Escape {
  std::string_view text;
  std::string_view escaped;
};

TEST(JsonLine, EscapesWhatCouldBreakALineOrATerminal) {
  using namespace std::string_view_literals;
  for (const Escape& row : std::vector<Escape>{
           {"say \"hi\"", R"(say \"hi\")"},
           {"a\\b", R"(a\\b)"},
           {"one\ntwo", R"(one\ntwo)"},
           {"\x1b[2J", R"(\u001b[2J)"},
           {"a\0b"sv, R"(a\u0000b)"},
           {"\x7f", R"(\u007f)"},
           {"grün ✓ 😀", "grün ✓ 😀"},
           {"bad \xFF byte", "bad \uFFFD byte"},
           {"cut \xE2\x9C", "cut \uFFFD\uFFFD"},
           {"overlong \xC0\xAF", "overlong \uFFFD\uFFFD"},
           {"surrogate \xED\xA0\x80", "surrogate \uFFFD\uFFFD\uFFFD"},
       }) {
    std::string out;
    append_json_escaped(out, row.text);
    EXPECT_EQ(out, row.escaped);
  }
}

TEST(JsonLine, WritesNumbersThatJsonLacksAsText) {
  const std::string line = format_json(kAt, Level::info, "", {{"ratio", 1.0 / 0.0}});
  EXPECT_NE(line.find(R"("ratio":"Infinity")"), std::string::npos) << line;
}

TEST(Lines, LeaveOutFieldsWithoutText) {
  EXPECT_EQ(format_text(kAt, Level::info, "m", {{"a", ""}, {"b", 0}}, false),
            "2026-11-21T01:02:03.456Z INFO    m  b=0");
  EXPECT_EQ(format_json(kAt, Level::info, "m", {{"a", ""}, {"b", 0}}),
            R"({"at":"2026-11-21T01:02:03.456Z","level":"info","message":"m","b":0})");
}

TEST(TextLine, IsReadableAndQuotesWhatNeedsIt) {
  EXPECT_EQ(format_text(kAt, Level::warning, "step failed",
                        {{"step", "render"}, {"error", "exit code 3"}, {"sign", "="}}, false),
            "2026-11-21T01:02:03.456Z WARNING step failed  step=render error=\"exit code 3\" sign=\"=\"");
}

TEST(TextLine, CannotBeForgedByAValue) {
  const std::string line = format_text(kAt, Level::info, "a\nb", {{"name", "x\n2026 ERROR fake"}}, false);
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
}

TEST(Lines, CutVeryLongValues) {
  const std::string line = format_json(kAt, Level::info, "", {{"body", std::string(1 << 20, 'x')}});
  EXPECT_LT(line.size(), 10'000U);
}

TEST(Redaction, HidesFieldsNamedLikeASecret) {
  for (const char* name : {"token", "Authorization", "client_secret", "db-password", "set-cookie", "x.token", "TOKEN"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const char* name : {"job", "tokens", "tokenizer", "secretary", "request", ""})
    EXPECT_FALSE(is_secret_name(name)) << name;
  for (const std::string& line : {format_json(kAt, Level::info, "", {{"api_token", "trp_hunter2"}}),
                                  format_text(kAt, Level::info, "", {{"api_token", "trp_hunter2"}}, false)})
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
}

class LogTest : public testing::Test {
 protected:
  void TearDown() override { configure({}); }
  std::vector<std::string> lines() const {
    std::vector<std::string> found;
    std::istringstream stream(written_.str());
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
  }
  std::ostringstream written_;
};

TEST_F(LogTest, WritesOnlyWhatIsImportantEnough) {
  configure({.level = Level::warning, .format = Format::text, .to = &written_});
  debug("one");
  info("two");
  warning("three");
  error("four");
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_NE(lines()[0].find("three"), std::string::npos);
  EXPECT_FALSE(enabled(Level::info));
}

TEST_F(LogTest, IsJsonUnlessOnATerminal) {
  configure({.to = &written_});
  info("hello");
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(lines()[0].starts_with("{\"at\":\"")) << lines()[0];
}

TEST_F(LogTest, KeepsLinesOfManyThreadsWhole) {
  configure({.format = Format::json, .to = &written_});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([i] {
      for (int n = 0; n < 200; ++n) info("line", {{"thread", i}, {"n", n}});
    });
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(lines().size(), 800U);
  for (const std::string& line : lines()) {
    EXPECT_TRUE(line.starts_with("{\"at\"")) << line;
    EXPECT_TRUE(line.ends_with("}")) << line;
  }
}

TEST_F(LogTest, DoesNotReadFormatSignsInMessages) {
  configure({.format = Format::text, .to = &written_});
  info("{} 100% {0:x}");
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(lines()[0].ends_with("{} 100% {0:x}")) << lines()[0];
}

TEST(LogWords, AreReadAsTheyAreWritten) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error, Level::off})
    EXPECT_EQ(level_from_text(level_text(level)), level);
  EXPECT_FALSE(level_from_text("loud"));
  EXPECT_EQ(format_from_text("auto"), Format::automatic);
  EXPECT_FALSE(format_from_text("xml"));
}

}  // namespace
}  // namespace troupe::log
