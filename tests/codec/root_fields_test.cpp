#include "codec/root_fields.hpp"

#include <gtest/gtest.h>

#include <string>

namespace troupe {
namespace {

std::string names_in(std::string_view jq) {
  std::string names;
  for (const RootField& field : root_fields(jq)) names += (names.empty() ? "" : " ") + std::string(field.name);
  return names;
}

TEST(RootFields, AreFoundWhereTheTextIsCertain) {
  const struct {
    std::string_view jq, names;
  } rows[] = {
      {".a", "a"},
      {" .a.b[0].c ", "a"},
      {R"(.["a b"].c + ."d".e)", "a b d"},
      {".a + .b - .c//.d", "a b c d"},
      {"[.a, .b[.c]]", "a b c"},
      {"{x: .a, \"y\": .b, (.c): 1}", "a b c"},
      {"if .a then .b elif (.c) then .d else .e end", "a b c d e"},
      {".a == .b and (.c != .d or .e >= .f)", "a b c d e f"},
      {"try .a", "a"},
      {".a? // 1.5", "a"},
      {".a | .b", "a"},
      {"reduce .a[] as $x (.b; . + $x.c)", "a"},
      {".a as $x | .b", "a"},
      {"try .a catch .b", "a"},
      {"def f: .a; f", ""},
      {"map(.a) + .b", ""},
      {"map (.a)", ""},
      {"(.a | .b) + .c", "a"},
      {".", ""},
      {"..", ""},
      {". .a", ""},
      {"..|.a", ""},
      {".[0].a", ""},
      {"$x.a + keys.b", ""},
      {".a .b", "a"},
      {".a[\"b\"].c", "a"},
      {"(. + {x: 1}).x", ""},
      {"getpath([\"a\"])", ""},
      {R"jq(."a\u0062" + .["\(.a)"])jq", ""},
      {R"jq("\(.a + ")\"") .b" + .c)jq", "c"},
      {".a # and .b\n + .c", "a c"},
      {".a = 1 | .a", ""},
      {"(.a | .b) |= .c", ""},
      {".a += .b", ""},
      {".a //= .b", ""},
      {"", ""},
      {"\"open", ""},
      {".[\"open", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(names_in(row.jq), row.names) << row.jq;
}

TEST(RootFields, TellWhatFollowsThem) {
  EXPECT_EQ(root_fields(R"(.["a"].b + 1)").at(0).rest, ".b + 1");
  EXPECT_EQ(root_fields(".a").at(0).rest, "");
}

}  // namespace
}  // namespace troupe
