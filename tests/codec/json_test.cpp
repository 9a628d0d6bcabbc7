#include "codec/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace troupe {
namespace {

std::string message_of(std::string_view text) {
  const auto value = parse_json(text);
  if (value.ok()) return "accepted: " + to_text(*value);
  return std::string(code_text(value.error().code)) + ": " + value.error().message;
}

TEST(ParseJson, ReadsEveryKindOfValue) {
  const auto value =
      parse_json(R"( {"a":[1,-2,3.5,true,false,null,"x\u00e9\ud83d\ude00"],"b":{},"c":18446744073709551615} )");
  ASSERT_TRUE(value.ok()) << value.error().message;
  EXPECT_EQ(to_text(*value),
            "{\"a\":[1,-2,3.5,true,false,null,\"x\u00e9\U0001F600\"],\"b\":{},\"c\":18446744073709551615}");
  EXPECT_EQ(parse_json("7")->get<int>(), 7);
  EXPECT_EQ(parse_json("-9223372036854775808")->get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(parse_json("18446744073709551616")->is_number_float());
}

struct Malformed {
  std::string_view text;
  std::string_view message;
};

TEST(ParseJson, ReadsNumbersAndStringsAsNlohmannDoes) {
  for (const char* text : {"-0",
                           "-0.0",
                           "0",
                           "-1",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "9223372036854775808",
                           "18446744073709551615",
                           "18446744073709551616",
                           "-9223372036854775809",
                           "1e308",
                           "5e-324",
                           "1E+2",
                           "0.1",
                           "123456789.123456789",
                           "1e-400",
                           R"("\u0000\u00e9\ud83d\ude00\/\b\f\n\r\t")",
                           "\"\xF0\x9F\x98\x80\"",
                           R"({"b":[1,{"a":[]},[{}]],"a":null,"":true})",
                           " [ 1 , false ] ",
                           "\xEF\xBB\xBF[1]"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value.ok()) << text;
    const Json wanted = Json::parse(text);
    EXPECT_EQ(*value, wanted) << text;
    EXPECT_EQ(to_text(*value), to_text(wanted)) << text;
    EXPECT_EQ(value->is_number_float(), wanted.is_number_float()) << text;
  }
}

TEST(ParseJson, ReadsLongTextsLikeShortOnes) {
  Json list = Json::array();
  for (int i = 0; i < 40'000; ++i) list.push_back({{"n", i}, {"text", "value"}});
  const std::string text = list.dump();
  EXPECT_EQ(*parse_json(text), list);
  EXPECT_EQ(parse_json(text.substr(0, text.size() - 1)).error().code, ErrorCode::malformed_json);
}

TEST(ParseJson, SaysWhereAndWhyATextIsMalformed) {
  const Malformed cases[] = {
      {"", "malformed_json: line 1, column 0: unexpected end of the text, expected a value"},
      {"{", "malformed_json: line 1, column 1: unexpected end of the text, expected a string in double quotes"},
      {"{\"a\":1,\n \"b\" 2}", "malformed_json: line 2, column 7: unexpected number, expected ':'"},
      {"[1,]", "malformed_json: line 1, column 4: unexpected ']', expected a value"},
      {"[1 2]", "malformed_json: line 1, column 5: unexpected number, expected ']'"},
      {"{} x", "malformed_json: line 1, column 4: invalid literal, expected end of the text"},
      {"// c\n1", "malformed_json: line 1, column 1: invalid literal"},
      {"[01]", "malformed_json: line 1, column 4: unexpected number, expected ']'"},
      {"[1e999]", "malformed_json: line 1, column 7: the number is too large"},
      {"NaN", "malformed_json: line 1, column 1: invalid literal"},
      {"\"a\tb\"",
       "malformed_json: line 1, column 3: invalid string: control character U+0009 (HT) must be escaped to \\u0009 or "
       "\\t"},
      {"\"\xff\"", "malformed_json: line 1, column 2: invalid string: ill-formed UTF-8 byte"},
      {"\"\xc0\xaf\"", "malformed_json: line 1, column 2: invalid string: ill-formed UTF-8 byte"},
      {"\"\xed\xa0\x80\"", "malformed_json: line 1, column 2: invalid string: ill-formed UTF-8 byte"},
      {"\"\\ud800\"",
       "malformed_json: line 1, column 8: invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF"},
      {"\"\\udc00\"",
       "malformed_json: line 1, column 7: invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF"},
      {"{\"a\":{\"x\":1,\n\"x\":2}}", "malformed_json: line 2, column 3: the member name \"x\" appears twice"},
      {std::string_view("{}\0", 3), "malformed_json: line 1, column 3: a NUL character"},
      {std::string_view("{}\0rubbish", 10), "malformed_json: line 1, column 3: a NUL character"},
  };
  for (const Malformed& c : cases) EXPECT_EQ(message_of(c.text), c.message) << c.text;
}

TEST(ParseJson, CountsColumnsInCharactersNotBytes) {
  EXPECT_EQ(message_of("[\"\u00e9\u00e9\", x]"), "malformed_json: line 1, column 8: invalid literal");
}

TEST(ParseJson, AllowsNestingUpToTheLimitAndNoFurther) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(parse_json(nested(limits::kJsonDepth)).ok());
  const auto deep = parse_json(nested(limits::kJsonDepth + 1));
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error().code, ErrorCode::json_too_deep);
  EXPECT_EQ(deep.error().message, "line 1, column 65: nesting goes deeper than 64 levels");
  EXPECT_EQ(parse_json(std::string(1'000'000, '[')).error().code, ErrorCode::json_too_deep);
  EXPECT_TRUE(parse_json("[[1],[2]]", 2).ok());
}

TEST(Documents, GiveTheirFallbackWhenAbsent) {
  EXPECT_EQ(from_document(Document()), Json::object());
  EXPECT_EQ(from_document(Document(), nullptr), Json());
  EXPECT_EQ(from_document(to_document(Json{{"a", 1}})), (Json{{"a", 1}}));
}

TEST(Errors, ComeBackFromJsonAsTheyWere) {
  const Error error{ErrorCode::http_status, "got 503", true, {{"/a", "is required"}}};
  EXPECT_EQ(error_from_json(error_to_json(error)), error);
  EXPECT_EQ(
      to_text(error_to_json(error)),
      R"({"code":"http_status","errors":[{"message":"is required","pointer":"/a"}],"message":"got 503","retryable":true})");
}

TEST(Errors, OfAnUnknownCodeOrAnOddShapeAreInternal) {
  EXPECT_EQ(error_from_json({{"code", "from_the_future"}, {"message", "m"}}).code, ErrorCode::internal);
  EXPECT_EQ(error_from_json(Json("text")).code, ErrorCode::internal);
  EXPECT_EQ(error_from_json({{"code", 4}, {"message", nullptr}, {"retryable", "yes"}, {"errors", {1}}}),
            (Error{ErrorCode::internal, "", false, {}}));
}

TEST(Pointers, EscapeTildeAndSlash) {
  EXPECT_EQ(pointer_append("", "a"), "/a");
  EXPECT_EQ(pointer_append("/a", "b/c~d"), "/a/b~1c~0d");
}

}  // namespace
}  // namespace troupe
