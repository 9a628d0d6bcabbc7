// What `${secret:NAME}` becomes in an evaluated config, and where a definition may say it.
#include "codec/secret_mark.hpp"

#include <gtest/gtest.h>

#include "codec/definition.hpp"

namespace troupe {
namespace {

Result<std::string> upper(std::string_view name) {
  if (name == "none") return {ErrorCode::unknown_secret, "no secret none"};
  return "<" + std::string(name) + "\"\n>";
}

std::string filled(const Json& config) {
  const auto document = fill_secret_marks(to_document(config), upper);
  return document ? std::string(document->view()) : document.error().message;
}

TEST(SecretMark, IsReplacedWhereverItStandsInAString) {
  EXPECT_EQ(filled({{"a", "Bearer " + secret_mark("A.b-1_") + "!"}, {"b", {1, secret_mark("x") + secret_mark("x")}}}),
            R"({"a":"Bearer <A.b-1_\"\n>!","b":[1,"<x\"\n><x\"\n>"]})");
}

TEST(SecretMark, IsOfThisProcessAndNothingElseIsOne) {
  EXPECT_FALSE(holds_secret_marks(R"({"a":"${secret:DB} secret:00000000000000000000000000000000:DB;"})"));
  EXPECT_TRUE(holds_secret_marks(to_text(Json{{"a", secret_mark("DB")}})));
  EXPECT_EQ(filled({{"a", "secret:0123456789abcdef0123456789abcdef:DB;"}}),
            R"({"a":"secret:0123456789abcdef0123456789abcdef:DB;"})");
}

TEST(SecretMark, OfAnUnknownSecretIsAFailure) {
  EXPECT_EQ(filled({{"a", secret_mark("A")}, {"b", secret_mark("none")}}), "no secret none");
}

TEST(SecretMark, AsksForEachNameOnce) {
  int asked = 0;
  const Json config = {secret_mark("A"), secret_mark("A"), secret_mark("B")};
  ASSERT_TRUE(fill_secret_marks(to_document(config), [&](std::string_view) -> Result<std::string> {
                ++asked;
                return std::string("v");
              }).ok());
  EXPECT_EQ(asked, 2);
}

TEST(SecretMark, WithinAValueIsNotLookedFor) {
  const auto document = fill_secret_marks(to_document(Json{secret_mark("A")}),
                                          [](std::string_view) -> Result<std::string> { return secret_mark("B"); });
  EXPECT_EQ(document->view(), to_text(Json{secret_mark("B")}));
}

TEST(SecretCheck, LetsConfigsOfStepsAndCompensationsNameSecrets) {
  EXPECT_EQ(faults_of(R"(key: k
steps:
  - name: a
    type: http
    config: {url: "${secret:URL}/x", headers: {Authorization: "Bearer ${secret:TOKEN} ${ .inputs.x }"}}
    compensate: {type: exec, config: {command: undo, env: {TOKEN: "${secret:TOKEN}"}, args: ["${secret:A}"]}}
)"),
            "");
}

TEST(SecretCheck, RefusesThemEverywhereElse) {
  EXPECT_EQ(
      faults_of(R"(key: k
name: "a ${secret:A}"
inputs: {type: object, properties: {x: {type: string, default: "${secret:A}"}}}
steps:
  - name: a
    type: noop
    when: "${secret:A}"
    for_each: "${secret:A}"
    config: {"${secret:NAME}": 1, written: "$${secret:A} is text"}
  - {name: b, type: transform, config: {value: ["x ${secret:A}"]}}
  - {name: c, type: delay, config: {duration: "${secret:A}"}}
  - {name: d, type: generate, config: {prompt: "a ${secret:A}"}}
  - {name: e, type: noop, compensate: {type: generate, config: {prompt: e, style: "${secret:A}"}}}
outputs: {x: "${secret:A}"}
)"),
      "/inputs/properties/x/default \"${secret:NAME}\" may stand only in the config of a step or of its "
      "compensation: what is here is stored and shown\n"
      "/name \"${secret:NAME}\" may stand only in the config of a step or of its compensation: what is here is "
      "stored and shown\n"
      "/outputs/x \"${secret:NAME}\" may stand only in the config of a step or of its compensation: what is here "
      "is stored and shown\n"
      "/steps/0/config/${secret:NAME} \"${secret:NAME}\" may not be part of a name\n"
      "/steps/0/for_each \"${secret:NAME}\" may stand only in the config of a step or of its compensation: what "
      "is here is stored and shown\n"
      "/steps/0/when \"${secret:NAME}\" may stand only in the config of a step or of its compensation: what is "
      "here is stored and shown\n"
      "/steps/1/config/value/0 a step of type transform takes no \"${secret:NAME}\": its config becomes part of "
      "what is stored and shown\n"
      "/steps/2/config/duration a step of type delay takes no \"${secret:NAME}\": its config becomes part of what "
      "is stored and shown\n"
      "/steps/3/config/prompt a step of type generate takes no \"${secret:NAME}\": its config becomes part of what "
      "is stored and shown\n"
      "/steps/4/compensate/config/style a step of type generate takes no \"${secret:NAME}\": its config becomes "
      "part of what is stored and shown");
}

}  // namespace
}  // namespace troupe
