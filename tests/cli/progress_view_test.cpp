#include "cli/progress_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json status(const std::string& text) { return parse_json(text).value_or(Json()); }

/// What a terminal shows after these bytes: cursor up and clearing only, as ProgressView uses them.
std::vector<std::string> screen(const std::string& bytes) {
  std::vector<std::string> lines{""};
  std::size_t row = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (bytes[i] == '\r') {
      continue;
    } else if (bytes[i] == '\x1b') {
      const std::size_t end = bytes.find_first_of("AJm", i);
      const std::string number = bytes.substr(i + 2, end - i - 2);
      if (bytes[end] == 'A') row -= std::stoul(number);
      if (bytes[end] == 'J') {
        lines.resize(row + 1);
        lines[row].clear();
      }
      i = end;
    } else {
      lines[row] += bytes[i];
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

TEST(ProgressView, RedrawsABarForEachStepInPlace) {
  std::ostringstream out;
  ProgressView view({.in = std::cin, .out = out, .err = out, .interactive = true, .colour = false, .width = 60});
  view.begin(status(R"({"execution_id":"r",
      "steps":[{"name":"render","status":"pending","progress":0},{"name":"send","status":"pending","progress":0}]})"));
  view.on_event("status", status(R"({"run_id":"r","status":"running"})"));
  view.on_event("progress", status(R"({"step":"render","progress":0.5,"message":"2 of 4"})"));
  EXPECT_EQ(screen(out.str()), (std::vector<std::string>{"render [############............]  50%  running  2 of 4",
                                                         "send   [........................]   0%  pending",
                                                         "job    [######..................]  25%  running"}));
  view.on_event("log", status(R"({"step":"render","text":"a line"})"));
  view.on_event("status", status(R"({"run_id":"r","status":"running","step":"render","step_status":"success"})"));
  EXPECT_EQ(screen(out.str()),
            (std::vector<std::string>{"render | a line", "render [########################] 100%  success",
                                      "send   [........................]   0%  pending",
                                      "job    [############............]  50%  running"}));
  EXPECT_FALSE(view.ended());
  view.on_event(
      "status",
      status(R"({"run_id":"r","status":"failed","progress":0.5,"error":{"code":"http_status","message":"500"}})"));
  view.finish();
  EXPECT_TRUE(view.ended());
  EXPECT_EQ(screen(out.str()).back(), "failed  http_status: 500");
}

TEST(ProgressView, NeverDrawsABarWiderThanTheTerminal) {
  std::ostringstream out;
  ProgressView view({.in = std::cin, .out = out, .err = out, .interactive = true, .colour = false, .width = 40});
  view.begin({{"steps", {{{"name", std::string(100, 'n')}, {"status", "running"}}}}});
  view.on_event("status", {{"status", "running"}});
  view.on_event("progress",
                Json{{"step", std::string(100, 'n')}, {"progress", 0.2}, {"message", std::string(500, 'm')}});
  for (const std::string& line : screen(out.str()))
    EXPECT_LT(line.size(), 45U) << line;  // the cut mark has three bytes
}

TEST(ProgressView, WritesPlainLinesWithoutEscapesElsewhere) {
  std::ostringstream out;
  ProgressView view(out, false);
  const Json started = status(R"({"run_id":"r","status":"running","at":"2026-11-21T01:02:03.000Z"})");
  view.on_event("status", started);
  view.on_event("status", started);
  for (int i = 0; i <= 100; ++i) view.on_event("progress", Json{{"step", "render"}, {"progress", i / 100.0}});
  view.on_event(
      "status",
      status(
          R"({"run_id":"r","status":"running","step":"render","step_status":"pending","attempt":2,"error":{"message":"flaky"}})"));
  view.on_event("status", status(R"({"run_id":"r","status":"running","waiting_for":"timer"})"));
  view.on_event("log", status(R"({"step":"render","text":"\u001b[31mred\n"})"));
  view.on_event(
      "asset",
      status(R"({"step":"render","id":"a1","media_type":"image/png","width":512,"height":256,"url":"/v1/assets/a1"})"));
  view.on_event("preview", status(R"({"step":"render","data":"AAAA"})"));
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
  std::string expected = "01:02:03  job  running\n";
  for (int tenth = 1; tenth <= 10; ++tenth) expected += "render  " + std::to_string(tenth * 10) + "%\n";
  EXPECT_EQ(out.str(), expected +
                           "render  pending  attempt 2  flaky\njob  running  waiting for timer\nrender |  [31mred\n"
                           "render  asset a1  image/png  512x256  /v1/assets/a1\n");
}

TEST(ProgressView, BeginsAnewWithARetry) {
  std::ostringstream out;
  ProgressView view({.in = std::cin, .out = out, .err = out, .interactive = true, .colour = false, .width = 80});
  view.begin(status(R"({"execution_id":"r1","steps":[{"name":"render","status":"failed","progress":0.5}]})"));
  view.on_event("status", status(R"({"run_id":"r2","status":"running"})"));
  EXPECT_THAT(screen(out.str()), ::testing::ElementsAre("render [........................]   0%  pending",
                                                        "job    [........................]   0%  running"));
}

TEST(ProgressView, SurvivesEventsOfAnyShape) {
  for (const bool terminal : {true, false}) {
    std::ostringstream out;
    ProgressView view(out, terminal);
    for (const char* kind : {"status", "progress", "log", "asset", "preview", "approval", "novelty"})
      for (const char* data : {"null", "3", "[]", "{}", R"({"steps":3,"step":7,"progress":"x","error":[],"text":{}})",
                               R"({"steps":[1,null,{"name":null}]})"})
        view.on_event(kind, status(data));
    for (const char* job : {"null", "[]", R"({"steps":3})", R"({"steps":[1,null,{"name":null}]})"})
      view.begin(status(job));
    view.finish();
    EXPECT_FALSE(view.ended());
  }
}

}  // namespace
}  // namespace troupe::cli
