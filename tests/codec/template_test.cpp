#include "codec/template.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

/// Parts as `'text'`, `<expression>` and `!secret`.
std::string split(std::string_view text) {
  const auto parts = split_template(text);
  if (!parts.ok()) return parts.error().message;
  std::string shown;
  for (const TemplatePart& part : *parts) {
    switch (part.kind) {
      case TemplatePart::Kind::text: shown += "'" + part.text + "'"; break;
      case TemplatePart::Kind::expression: shown += "<" + part.text + ">"; break;
      case TemplatePart::Kind::secret: shown += "!" + part.text; break;
    }
  }
  return shown;
}

TEST(Template, IsSplitAtTheBraceThatClosesItsExpression) {
  EXPECT_EQ(split("plain"), "'plain'");
  EXPECT_EQ(split(""), "");
  EXPECT_EQ(split("${ .a }"), "< .a >");
  EXPECT_EQ(split("a ${.b} c ${.d}"), "'a '<.b>' c '<.d>");
  EXPECT_EQ(split("${ {a: {b: 1}} } }"), "< {a: {b: 1}} >' }'");
  EXPECT_EQ(split(R"(${ "}" + "\"}" })"), R"(< "}" + "\"}" >)");
  EXPECT_EQ(split(R"(${ "x\({a: "}"} | .a)}" }!)"), R"(< "x\({a: "}"} | .a)}" >'!')");
  EXPECT_EQ(split("${ .a # not } here\n }b"), "< .a # not } here\n >'b'");
  EXPECT_EQ(split("costs $5, {}, $"), "'costs $5, {}, $'");
}

TEST(Template, KeepsALiteralMarkAndSecretsAsTheyAre) {
  EXPECT_EQ(split("a $${ b } ${ .c }"), "'a ${ b } '< .c >");
  EXPECT_EQ(split("Bearer ${secret:API_KEY}!"), "'Bearer '!API_KEY'!'");
}

TEST(Template, SaysWhatIsWrong) {
  EXPECT_EQ(split("${ .a"), "\"${\" is never closed with \"}\"; write \"$${\" where no expression is meant");
  EXPECT_EQ(split("${ \"} "), "\"${\" is never closed with \"}\"; write \"$${\" where no expression is meant");
  EXPECT_EQ(split("${ }"), "\"${ }\" holds no expression");
  EXPECT_EQ(split("${secret:}"), "\"${secret:NAME}\" needs a name of A-Z a-z 0-9 _ - .");
}

}  // namespace
}  // namespace troupe
