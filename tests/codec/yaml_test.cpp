#include <gtest/gtest.h>

#include "codec/workflow_codec.hpp"

namespace troupe {
namespace {

std::string yaml(std::string_view text) {
  const auto value = parse_yaml(text);
  return value.ok() ? to_text(*value) : std::string(code_text(value.error().code)) + ": " + value.error().message;
}

TEST(Yaml, ReadsPlainScalarsByTheCoreSchemaOfYaml12) {
  EXPECT_EQ(yaml("[null, ~, Null, true, True, FALSE, yes, on, n]"),
            R"([null,null,null,true,true,false,"yes","on","n"])");
  EXPECT_EQ(yaml("[12, -3, +4, 0123, 0o17, 0x1F, 1e3, .5, 1., -1.5e-2]"), "[12,-3,4,123,15,31,1000.0,0.5,1.0,-0.015]");
  EXPECT_EQ(yaml("[1_000, 0b1, 12:30, 2026-11-21, 1.2.3, '-', e5, 2xx, 0x]"),
            R"(["1_000","0b1","12:30","2026-11-21","1.2.3","-","e5","2xx","0x"])");
  EXPECT_EQ(yaml("[18446744073709551615, -9223372036854775808, 18446744073709551616]"),
            "[18446744073709551615,-9223372036854775808,1.8446744073709552e+19]");
  EXPECT_EQ(yaml("a: .inf"), "malformed_json: line 1, column 4: \".inf\" is a number that JSON does not have");
}

TEST(Yaml, TakesWhatIsInQuotesOrBlocksForText) {
  EXPECT_EQ(yaml("[\"1\", 'true', \"null\", '']"), R"(["1","true","null",""])");
  EXPECT_EQ(yaml("a: |\n  1\n  2\nb: >-\n  x\n  y\n"), R"({"a":"1\n2\n","b":"x y"})");
  EXPECT_EQ(yaml("1: a\ntrue: b"), R"({"1":"a","true":"b"})");
}

TEST(Yaml, SaysWhereAndWhyItIsRefused) {
  EXPECT_EQ(yaml("a: 1\nb: 2\na: 3"), "malformed_json: line 3, column 1: the member name \"a\" appears twice");
  EXPECT_EQ(yaml("a: !!str 1"), "malformed_json: line 1, column 4: tags (tag:yaml.org,2002:str) are not allowed");
  EXPECT_EQ(yaml("a: !env HOME"), "malformed_json: line 1, column 4: tags (!env) are not allowed");
  EXPECT_EQ(yaml("? [a]\n: 1"), "malformed_json: line 1, column 3: a member's name must be a plain text");
  EXPECT_EQ(yaml("~: 1"),
            "malformed_json: line 1, column 1: a member has no name (put it in quotes if it looks like null)");
  EXPECT_EQ(yaml("a: [1"), "malformed_json: line 1, column 1: end of sequence flow not found");
  EXPECT_EQ(yaml("a: 1\n---\nb: 2"), "malformed_json: the text holds more than one YAML document");
  EXPECT_EQ(yaml("a: \xff"), "malformed_json: line 1: a byte that is not UTF-8 text");
  EXPECT_EQ(yaml(std::string_view("a\0b", 3)), "malformed_json: line 1: a byte that is not UTF-8 text");
}

TEST(Yaml, WritesAliasesOutWithinBounds) {
  EXPECT_EQ(yaml("a: &x {n: 1}\nb: *x\nc: [*x]"), R"({"a":{"n":1},"b":{"n":1},"c":[{"n":1}]})");
  EXPECT_EQ(yaml("a: &x [*x]"), "malformed_json: line 1, column 8: an alias stands within the value that it names");
  std::string laughs = "a0: &a0 [lol]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  EXPECT_EQ(yaml(laughs).substr(0, 32), "malformed_json: line 16, column ");
}

TEST(Yaml, AllowsNestingUpToTheLimitAndNoFurther) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(parse_yaml(nested(limits::kJsonDepth)).ok());
  EXPECT_EQ(parse_yaml(nested(limits::kJsonDepth + 1)).error().code, ErrorCode::json_too_deep);
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')).ok());
  std::string chain = "a0: &a0 []\n";  // each alias one level deeper
  for (int i = 1; i < 80; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_EQ(parse_yaml(chain).error().code, ErrorCode::json_too_deep);
}

}  // namespace
}  // namespace troupe
