#include "codec/schema.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace troupe {
namespace {

Json json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << text << ": " << value.error().message;
  return *value;
}

std::string lines(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text += (text.empty() ? "" : "\n") + fault.pointer + " " + fault.message;
  return text;
}

std::shared_ptr<const JsonSchema> compile(std::string_view schema) {
  auto compiled = JsonSchema::compile(json(schema));
  if (compiled.ok()) return *compiled;
  ADD_FAILURE() << schema << ": " << lines(compiled.error().faults);
  return nullptr;
}

std::string faults_of(std::string_view schema, std::string_view value) {
  const auto compiled = compile(schema);
  return compiled ? lines(compiled->validate(json(value))) : "";
}

std::string refusal_of(std::string_view schema) {
  const auto compiled = JsonSchema::compile(json(schema));
  return compiled.ok() ? "accepted" : lines(compiled.error().faults);
}

// The inputs of the poster workflow of docs/contracts.md.
constexpr std::string_view kPoster = R"({"type":"object","required":["prompt"],"properties":{
    "prompt":{"type":"string","maxLength":2000},
    "count":{"type":"integer","minimum":1,"maximum":64,"default":4}}})";

TEST(JsonSchema, NamesEveryFaultOfAPosterJobInPlainWords) {
  EXPECT_EQ(faults_of(kPoster, R"({"prompt":"a fox","count":64})"), "");
  EXPECT_EQ(faults_of(kPoster, R"({"count":65})"), "/count must be at most 64\n/prompt is required");
  EXPECT_EQ(faults_of(kPoster, R"({"prompt":7,"count":"four"})"),
            "/count must be an integer\n/prompt must be a string");
  EXPECT_EQ(faults_of(kPoster, "[]"), " must be an object");
}

struct SchemaCase {
  std::string_view schema;
  std::string_view value;
  std::string_view faults;
};

TEST(JsonSchema, SaysWhatEachKeywordExpects) {
  const SchemaCase cases[] = {
      {R"({"type":["string","null"]})", "1", " must be null or a string"},
      {R"({"type":"integer"})", "1.0", ""},
      {R"({"type":"integer"})", "1.5", " must be an integer"},
      {R"({"enum":["a","b",3]})", "\"c\"", " must be one of \"a\", \"b\", 3"},
      {R"({"enum":["a"]})", "\"c\"", " must be \"a\""},
      {R"({"const":{"x":[1]}})", R"({"x":[2]})", " must be {\"x\":[1]}"},
      {R"({"const":{"x":[1]}})", R"({"x":[1]})", ""},
      {R"({"minimum":0.5})", "0.4", " must be at least 0.5"},
      {R"({"exclusiveMinimum":0})", "0", " must be above 0"},
      {R"({"exclusiveMaximum":10})", "10", " must be below 10"},
      {R"({"multipleOf":0.1})", "0.3", ""},
      {R"({"multipleOf":64})", "100", " must be a multiple of 64"},
      {R"({"minLength":1})", "\"\"", " must not be empty"},
      {R"({"maxLength":2})", "\"\u00e9\u00e9\"", ""},
      {R"({"maxLength":2})", "\"\u00e9\u00e9\u00e9\"", " must have at most 2 characters"},
      {R"({"minLength":3})", "\"\u00e9\u00e9\"", " must have at least 3 characters"},
      {R"({"pattern":"^[a-z]+$"})", "\"abc\"", ""},
      {R"({"pattern":"^[a-z]+$"})", "\"abc\\n\"", " must match the pattern ^[a-z]+$"},
      {R"({"pattern":"^.{2}$"})", "\"\u00e9\u00e9\"", ""},
      {R"({"pattern":"^[\\[&&]$"})", "\"&\"", ""},
      {R"({"format":"date"})", "\"2026-02-30\"", " must be a date, as in 2026-11-21"},
      {R"({"format":"uri"})", "\"shop\"", " must be a URI with its scheme, as in https://shop.example/a"},
      {R"({"format":"colour"})", "\"any\"", ""},
      {R"({"items":{"type":"string"}})", R"(["a",1,null])", "/1 must be a string\n/2 must be a string"},
      {R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a",1])", " must have at most 1 item"},
      {R"({"minItems":2})", "[1]", " must have at least 2 items"},
      {R"({"maxItems":1})", "[1,2]", " must have at most 1 item"},
      {R"({"uniqueItems":true})", R"([{"a":1},2,{"a":1}])", " must not contain an item twice"},
      {R"({"contains":{"type":"null"}})", "[1]", " must contain an item of the required form"},
      {R"({"properties":{"colour":{}},"additionalProperties":false})", R"({"color":1})",
       "/color is not a known member, did you mean \"colour\"?"},
      {R"({"properties":{"a":{}},"additionalProperties":{"type":"string"}})", R"({"a":1,"b":2})",
       "/b must be a string"},
      {R"({"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false})", R"({"x-a":1,"x-b":"","c":1})",
       "/x-a must be a string\n/c is not a known member"},
      {R"({"propertyNames":{"maxLength":3}})", R"({"long/name":1})",
       "/long~1name has a name that is not allowed: it must have at most 3 characters"},
      {R"({"minProperties":1})", "{}", " must have at least 1 member"},
      {R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})", R"({"a":1,"c":1})",
       "/b is required beside \"a\"\n/d is required"},
      {R"({"allOf":[{"type":"integer"},{"minimum":3}]})", "1.5", " must be an integer\n must be at least 3"},
      {R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", "\"x\"", " must be an integer, or must be null"},
      {R"({"anyOf":[{"required":["a"]},{"required":["b"]}]})", "{}", " fits none of the allowed forms"},
      {R"({"oneOf":[{"type":"integer"},{"minimum":0}]})", "1",
       " fits more than one of the allowed forms, and must fit exactly one"},
      {R"({"not":{"type":"string"}})", "\"x\"", " has a form that is not allowed"},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})", R"({"a":1})",
       "/b is required"},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})", "{}", "/c is required"},
      {R"({"properties":{"a":false}})", R"({"a":1})", "/a is not allowed"},
      {"true", "1", ""},
  };
  for (const SchemaCase& c : cases) EXPECT_EQ(faults_of(c.schema, c.value), c.faults) << c.schema << " of " << c.value;
}

TEST(JsonSchema, FollowsReferencesWithinTheDocument) {
  constexpr std::string_view tree = R"({"$ref":"#/definitions/node","definitions":{"node":{"type":"object",
      "properties":{"name":{"$ref":"#/definitions/a~1b"},"children":{"items":{"$ref":"#/definitions/node"}}}},
      "a/b":{"type":"string","pattern":"^[a-z]$"}}})";
  EXPECT_EQ(faults_of(tree, R"({"name":"a","children":[{"name":"b","children":[{"name":"C"}]}]})"),
            "/children/0/children/0/name must match the pattern ^[a-z]$");
  EXPECT_EQ(
      faults_of(R"({"properties":{"child":{"$ref":"#"}},"required":["n"]})", R"({"n":1,"child":{"child":{"n":1}}})"),
      "/child/n is required");
}

TEST(JsonSchema, RefusesReferencesThatLeadOutOrNowhereOrInCircles) {
  EXPECT_EQ(refusal_of(R"({"properties":{"a":{"$ref":"https://example.com/s.json"}}})"),
            "/properties/a/$ref must stay within the schema: a reference that begins with #");
  EXPECT_EQ(refusal_of(R"({"$ref":"#/definitions/x"})"), "/$ref there is nothing at \"#/definitions/x\"");
  EXPECT_EQ(refusal_of(R"({"$ref":"#/definitions/x","definitions":{"x":{"$ref":"#/definitions/x"}}})"),
            "/$ref leads only to other references");
  EXPECT_EQ(refusal_of(R"({"$ref":"#"})"), "/$ref leads only to other references");
  EXPECT_EQ(faults_of(R"({"allOf":[{"$ref":"#"}]})", "1"),
            " cannot be checked: the schema refers to itself without end");
}

TEST(JsonSchema, RefusesAChainOfReferencesThatWouldOverflowTheStack) {
  Json chain = {{"$ref", "#/definitions/d0"}, {"definitions", Json::object()}};
  for (int i = 0; i < 5'000; ++i)
    chain["definitions"]["d" + std::to_string(i)] = {{"not", {{"$ref", "#/definitions/d" + std::to_string(i + 1)}}}};
  chain["definitions"]["d5000"] = true;
  const auto refused = JsonSchema::compile(chain);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(lines(refused.error().faults), " its references are nested too deeply");

  chain["definitions"]["d90"] = true;
  for (int i = 91; i <= 5'000; ++i) chain["definitions"].erase("d" + std::to_string(i));
  const auto accepted = JsonSchema::compile(chain);
  ASSERT_TRUE(accepted.ok());
  EXPECT_TRUE((*accepted)->validate(1).empty());
}

TEST(JsonSchema, NamesEveryFaultOfASchemaThatIsNone) {
  EXPECT_EQ(refusal_of(R"({"type":"strng","required":"a","properties":{"n":{"minimum":"1","maxLength":-1,"enum":[]},
                          "p":{"pattern":"(["}},"items":3,"allOf":[]})"),
            "/allOf must be a list of at least one schema\n"
            "/items must be a schema: an object, or true or false\n"
            "/properties/n/enum must be a list of at least one value\n"
            "/properties/n/maxLength must be an integer of at least 0\n"
            "/properties/n/minimum must be a number\n"
            "/properties/p/pattern is not a regular expression: premature end of char-class\n"
            "/required must be a list of names\n"
            "/type must be array, boolean, integer, null, number, object or string, did you mean \"string\"?");
}

TEST(JsonSchema, BoundsThePatternsThatBacktrackWithoutEndAndTheStackOfLongTexts) {
  const auto schema = compile(R"({"pattern":"^(a+)+$"})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(lines(schema->validate(Json(std::string(40, 'a') + "!"))),
            " takes too long to compare with the pattern ^(a+)+$");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(lines(compile(R"({"pattern":"^(a|b)*$"})")->validate(Json(std::string(1 << 20, 'a')))).substr(0, 10),
            " takes too");
  EXPECT_EQ(lines(compile(R"({"pattern":"^[ab]*$"})")->validate(Json(std::string(1 << 16, 'a')))), "");
}

TEST(JsonSchema, GivesUpWhereACheckWouldTakeForEver) {
  const std::string tree = R"({"$ref":"#/definitions/n","definitions":{"n":{"anyOf":[{"type":"array","items":)"
                           R"({"$ref":"#/definitions/n"}},{"type":"array","items":{"$ref":"#/definitions/n"}}]}}})";
  std::string deep = "5";
  for (int i = 0; i < 50; ++i) deep = "[" + deep + "]";
  std::string choices = "0";
  for (int i = 1; i < 20'000; ++i) choices += "," + std::to_string(i);
  const std::pair<std::string, Json> endless[] = {
      {tree, json(deep)},
      {R"({"not":{"$ref":"#/definitions/n"},)" + tree.substr(tree.find(R"("definitions")")), json(deep)},
      {R"({"items":{"anyOf":[{"pattern":"^(a+)+$"},true]}})",
       Json(std::vector<std::string>(5'000, "aaaaaaaaaaaaaaaaaaaaaaaaa!"))},
      {R"({"items":{"enum":[)" + choices + R"(]}})", Json(std::vector<int>(20'000, 19'999))},
  };
  for (const auto& [schema, value] : endless) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(lines(compile(schema)->validate(value)), " takes too long to be compared with the schema")
        << schema.substr(0, 80);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << schema.substr(0, 80);
  }
}

TEST(JsonSchema, TellsAHundredFaultsAndNoMore) {
  EXPECT_EQ(compile(R"({"items":{"type":"string"}})")->validate(Json(std::vector<int>(5'000))).size(), 100u);
}

TEST(Defaults, FillWhatIsAbsentAndNothingElse) {
  Json value = {{"prompt", "a fox"}};
  EXPECT_TRUE(compile(kPoster)->apply_defaults(value));
  EXPECT_EQ(to_text(value), R"({"count":4,"prompt":"a fox"})");
  value = {{"count", nullptr}};
  EXPECT_TRUE(compile(kPoster)->apply_defaults(value));
  EXPECT_EQ(to_text(value), R"({"count":null})");
}

TEST(Defaults, LeaveValuesOfWrongTypesAsTheyAre) {
  const auto schema = compile(R"({"properties":{"size":{"properties":{"width":{"default":1}}},
      "layers":{"items":{"properties":{"opacity":{"default":1}}}}},"allOf":[{"properties":{"x":{"default":1}}}]})");
  for (const char* text : {R"([{"size":{}}])", "7", "null", R"("size")", R"({"layers":{"0":{}},"size":[{}],"x":0})",
                           R"({"layers":[[],null,"a"],"size":null,"x":0})"}) {
    Json value = json(text);
    EXPECT_TRUE(schema->apply_defaults(value));
    EXPECT_EQ(to_text(value), text);
  }
}

TEST(Defaults, ReachNestedObjectsItemsAndWhatReferencesLeadTo) {
  const auto schema = compile(R"({"properties":{
      "size":{"default":{},"properties":{"width":{"default":512},"height":{"$ref":"#/definitions/side"}}},
      "layers":{"items":{"properties":{"opacity":{"default":1}}}},
      "absent":{"properties":{"x":{"default":1}}}},
      "allOf":[{"properties":{"style":{"default":"plain"}}}],
      "definitions":{"side":{"type":"integer","default":256}}})");
  Json value = json(R"({"layers":[{},{"opacity":0}]})");
  EXPECT_TRUE(schema->apply_defaults(value));
  EXPECT_EQ(to_text(value),
            R"({"layers":[{"opacity":1},{"opacity":0}],"size":{"height":256,"width":512},"style":"plain"})");
}

TEST(Defaults, OfASchemaThatAsksForItselfTwiceEnd) {
  Json value = Json::object();
  EXPECT_TRUE(compile(R"({"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"default":{}})")->apply_defaults(value));
  EXPECT_TRUE(value.contains("a"));
  EXPECT_LT(to_text(value).size(), 100'000u);
}

TEST(Defaults, AreGivenUpWhereTheyWouldFillTheMemory) {
  Json value = std::vector<Json>(100, Json::object());
  const std::string large(100'000, 'x');
  EXPECT_FALSE(compile(R"({"items":{"properties":{"a":{"default":")" + large + R"("}}}})")->apply_defaults(value));
}

TEST(Defaults, AreGivenUpWhereTheyWouldTakeForEver) {
  Json value = Json::object();
  EXPECT_FALSE(compile(R"({"$ref":"#/definitions/n","definitions":{"n":{"properties":{"a":{"default":{},)"
                       R"("allOf":[{"$ref":"#/definitions/n"},{"$ref":"#/definitions/n"}]}}}}})")
                   ->apply_defaults(value));
}

}  // namespace
}  // namespace troupe
