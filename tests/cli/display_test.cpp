#include "cli/display.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/target.hpp"

namespace troupe::cli {
namespace {

TEST(Printable, LeavesNoControlCharacter) {
  EXPECT_EQ(printable("a\x1b[2Jb\tc\x7f"), "a [2Jb c ");
  EXPECT_EQ(printable("csi\xC2\x9B"), "csi ");
  EXPECT_EQ(printable("grün ✓"), "grün ✓");
  EXPECT_EQ(printable("one\ntwo\r", true), "one\ntwo ");
}

TEST(Cut, CountsCharactersNotBytes) {
  EXPECT_EQ(columns("grün"), 4U);
  EXPECT_EQ(cut("grün", 4), "grün");
  EXPECT_EQ(cut("grüner", 4), "grü…");
  EXPECT_EQ(cut("x", 0), "");
}

TEST(Table, AlignsColumnsAndColoursOnlyStatuses) {
  Table table({"A", "STATUS", "B"});
  table.add({"grün", "failed", "x"});
  table.add({"", "success", ""});
  std::ostringstream plain, coloured;
  table.print(plain, false);
  EXPECT_EQ(plain.str(), "A     STATUS   B\ngrün  failed   x\n      success  \n");
  table.print(coloured, true);
  EXPECT_EQ(coloured.str(), "A     STATUS   B\ngrün  \x1b[31mfailed\x1b[0m   x\n      \x1b[32msuccess\x1b[0m  \n");
}

TEST(Target, EncodesWhatOthersChose) {
  EXPECT_EQ(Target("/v1/jobs").segment("a/b?c=d").query("q", "x&y z").query("none", "").query("n", "1").text(),
            "/v1/jobs/a%2Fb%3Fc%3Dd?q=x%26y%20z&n=1");
  EXPECT_EQ(Target("/v1/jobs").segment("..").text(), "/v1/jobs/%2E%2E");
}

TEST(Members, OfSomethingElseAreAbsent) {
  EXPECT_EQ(member_text(Json("text"), "a"), "");
  EXPECT_EQ(member_text(Json{{"a", nullptr}}, "a"), "");
  EXPECT_EQ(member_text(Json{{"a", 3}}, "a"), "3");
  EXPECT_EQ(percent(Json(0.426)), "43%");
  EXPECT_EQ(percent(Json("x")), "");
}

}  // namespace
}  // namespace troupe::cli
