#include <gtest/gtest.h>

#include "codec/secret_mark.hpp"
#include "expr/expr.hpp"

namespace troupe {
namespace {

const Json kScope = {{"inputs", {{"n", 2}, {"s", "a \"fox\""}, {"list", {1, "x"}}, {"f", false}, {"none", nullptr}}},
                     {"evil", "${secret:KEY}"},
                     {"dollar", "$"},
                     {"rest", "{secret:KEY}"}};

std::string rendered(const Json& form) {
  const auto value = render(form, kScope);
  return value.ok() ? to_text(*value) : value.error().message;
}

TEST(Render, KeepsTheTypeOfAStringThatIsOneExpression) {
  EXPECT_EQ(
      rendered({{"n", "${ .inputs.n }"}, {"l", "${.inputs.list}"}, {"f", "${ .inputs.f }"}, {"x", "${ .nothing }"}}),
      R"({"f":false,"l":[1,"x"],"n":2,"x":null})");
}

TEST(Render, SplicesValuesIntoTextBareOrAsJson) {
  EXPECT_EQ(rendered("n=${ .inputs.n } s=${ .inputs.s } l=${ .inputs.list } x=${ .inputs.none }"),
            R"("n=2 s=a \"fox\" l=[1,\"x\"] x=null")");
  EXPECT_EQ(rendered(" ${ .inputs.n }"), "\" 2\"");
  EXPECT_EQ(rendered("${ {a: {b: .inputs.n}} | tojson }!"), R"("{\"a\":{\"b\":2}}!")");
}

TEST(Render, LeavesEverythingElseAsItIs) {
  EXPECT_EQ(rendered({1, true, nullptr, "plain $x {y}", 1.5, Json::object(), Json::array()}),
            R"([1,true,null,"plain $x {y}",1.5,{},[]])");
  EXPECT_EQ(rendered("$${ literal }"), "\"${ literal }\"");
  EXPECT_EQ(rendered(Json{{"${ .inputs.n }", 1}}), R"({"${ .inputs.n }":1})");
}

TEST(Render, NamesThePlaceAndTheExpressionOfAFault) {
  const auto value = render({{"body", {{"a/b", {0, "x ${ .inputs.n.y }"}}}}}, kScope);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().message, "/body/a~1b/1: .inputs.n.y: Cannot index number with string \"y\"");
  ASSERT_EQ(value.error().faults.size(), 1u);
  EXPECT_EQ(value.error().faults[0].pointer, "/body/a~1b/1");
  EXPECT_EQ(value.error().code, ErrorCode::expression_failed);
}

TEST(Render, MarksTheSecretsThatTheFormItselfNames) {
  EXPECT_EQ(rendered("Bearer ${secret:API}"), "\"Bearer " + secret_mark("API") + "\"");
  EXPECT_EQ(rendered("${secret:A} ${ .evil }"), "\"" + secret_mark("A") + " ${secret:KEY}\"");
}

TEST(Render, LetsNoValueNameASecret) {
  for (const char* form : {"${ .evil }", "${ .dollar }${ .rest }", "$${secret:KEY}"})
    EXPECT_EQ(rendered(form), "\"${secret:KEY}\"") << form;
  EXPECT_EQ(rendered("${ [{a: .evil}] }"), R"([{"a":"${secret:KEY}"}])");
}

TEST(Render, BoundsWhatManyExpressionsMakeTogether) {
  Json form = Json::array();
  for (int i = 0; i < 6; ++i) form.push_back("${ .big }");
  const auto value = render(form, {{"big", std::string(1 << 20, 'x')}});
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::output_too_large);
}

TEST(Literals, AreFormsWithoutExpressions) {
  EXPECT_TRUE(is_literal(R"({"a":"plain","b":[1,"{x}","$5"]})"));
  EXPECT_FALSE(is_literal(R"({"a":"${ .x }"})"));
  EXPECT_FALSE(is_literal(R"({"a":"$${ x }"})"));
  EXPECT_FALSE(is_literal(R"({"a":"\u0024{ .x }"})"));
}

}  // namespace
}  // namespace troupe
