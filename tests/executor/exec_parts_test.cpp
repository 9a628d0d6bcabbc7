#include <gtest/gtest.h>

#include "executor/exec/exec_command.hpp"
#include "executor/exec/media_type.hpp"
#include "executor/exec/output_lines.hpp"
#include "executor/text.hpp"

namespace troupe {
namespace {

TEST(OutputLines, GivesWholeLines) {
  OutputLines lines;
  EXPECT_EQ(lines.take("a\nb"), "a\n");
  EXPECT_EQ(lines.take("c\nd\ne"), "bc\nd\n");
  EXPECT_EQ(lines.take_rest(), "e");
  EXPECT_EQ(lines.take_rest(), "");
}

TEST(OutputLines, CutsEndlessLinesBetweenCharacters) {
  OutputLines lines;
  std::string endless;
  for (int i = 0; i < 30'000; ++i) endless += "€";
  const std::string piece = lines.take(endless.substr(0, 70'001));
  EXPECT_GE(piece.size(), 65'536U);
  EXPECT_TRUE(is_utf8(piece));
  EXPECT_EQ(piece + lines.take_rest(), endless.substr(0, 70'001));
}

TEST(Progress, IsANumberFromZeroToOneAndAMessage) {
  struct Case {
    const char* line;
    double fraction;
    const char* message;
  };
  for (const Case& rule : {Case{"troupe:progress 0.42 rendering 3 of 7", 0.42, "rendering 3 of 7"},
                           Case{"troupe:progress 0", 0, ""}, Case{"troupe:progress 1 ", 1, ""},
                           Case{"troupe:progress 5e-1 x", 0.5, "x"}}) {
    const auto progress = parse_progress(rule.line);
    ASSERT_TRUE(progress) << rule.line;
    EXPECT_DOUBLE_EQ(progress->fraction, rule.fraction);
    EXPECT_EQ(progress->message, rule.message);
  }
  for (const char* line : {"troupe:progress", "troupe:progress x", "troupe:progress 1.1", "troupe:progress -0.1",
                           "troupe:progress nan", "troupe:progress 0.5x", " troupe:progress 0.5", "progress 0.5"})
    EXPECT_FALSE(parse_progress(line)) << line;
}

TEST(MediaType, IsToldByTheFirstBytesThenByTheName) {
  using namespace std::string_view_literals;
  EXPECT_EQ(media_type("a.txt", "\x89PNG\r\n\x1A\nxx"), "image/png");
  EXPECT_EQ(media_type("a", "\xFF\xD8\xFF\xE0"), "image/jpeg");
  EXPECT_EQ(media_type("a", "RIFF\1\2\3\4WEBPVP8"), "image/webp");
  EXPECT_EQ(media_type("a.svg", "<svg/>"), "image/svg+xml");
  EXPECT_EQ(media_type("a.json", "{}"), "application/json");
  EXPECT_EQ(media_type("a.unknown", "text"), "text/plain");
  EXPECT_EQ(media_type("a.txt", "a\0b"sv), "application/octet-stream");
  EXPECT_EQ(media_type("a.txt", ""), "application/octet-stream");
}

TEST(ExecCommand, LetsAStepSetOnlyWhatDoesNotChooseCode) {
  ExecCommand command{.name = "x", .program = "/x", .args = {}};
  command.env = {{"FIXED", "1"}};
  EXPECT_TRUE(command.may_set("COLOUR"));
  for (const char* name : {"FIXED", "PATH", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "TROUPE_JOB_ID", "", "A=B"})
    EXPECT_FALSE(command.may_set(name)) << name;
  command.env_allow = {"PYTHONPATH"};
  EXPECT_TRUE(command.may_set("PYTHONPATH"));
  EXPECT_FALSE(command.may_set("COLOUR"));
  command.env_allow = {};
  EXPECT_FALSE(command.may_set("COLOUR"));
}

TEST(ExecOptions, AreValidatedAllAtOnce) {
  ExecOptions options;
  options.commands = {{.name = "a", .program = "relative", .args = {}}, {.name = "a", .program = "/b", .args = {}}};
  options.work_dir = "relative";
  options.stop_grace = Millis(60'000);
  EXPECT_EQ(options.validate().size(), 4U);
}

}  // namespace
}  // namespace troupe
