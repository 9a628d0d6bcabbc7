#include "executor/text.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Text, KnowsWellFormedUtf8) {
  for (const char* text : {"", "abc", "é", "€", "😀", "\xEF\xBF\xBF"}) EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* bytes : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "a\xE2\x82"})
    EXPECT_FALSE(is_utf8(bytes)) << bytes;
}

TEST(Text, ReplacesOnlyTheBytesThatAreNoText) {
  EXPECT_EQ(to_utf8("aé"), "aé");
  EXPECT_EQ(to_utf8("a\xFF\xC3z"), "a��z");
}

TEST(Text, IsNeverCutWithinACharacter) {
  EXPECT_EQ(text_head("aé€", 1), "a…");
  EXPECT_EQ(text_head("aé€", 2), "a…");
  EXPECT_EQ(text_head("aé€", 5), "aé…");
  EXPECT_EQ(text_head("aé€", 6), "aé€");
  EXPECT_EQ(text_tail("aé€", 1), "…");
  EXPECT_EQ(text_tail("aé€", 4), "…€");
  EXPECT_EQ(text_tail("aé€", 5), "…é€");
}

TEST(Text, OnOneLineHasNoControlCharacters) { EXPECT_EQ(one_line("a\nb\tc\x7F"), "a b c "); }

}  // namespace
}  // namespace troupe
