#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "codec/json.hpp"
#include "codec/utf8.hpp"

namespace troupe {
namespace {

std::string canonical(std::string_view text) {
  const auto value = parse_json(text);
  return value.ok() ? canonical_json(*value) : value.error().message;
}

// RFC 8785, appendix B: the bits of a double, and its text.
struct NumberSample {
  std::uint64_t bits;
  std::string_view text;
};

TEST(CanonicalJson, PrintsTheNumbersOfTheRfcsAppendix) {
  const NumberSample samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const NumberSample& sample : samples)
    EXPECT_EQ(canonical_json(Json(std::bit_cast<double>(sample.bits))), sample.text);
}

TEST(CanonicalJson, KeepsEveryDigitOfAnInteger) {
  EXPECT_EQ(canonical("[9223372036854775807,-9223372036854775808,18446744073709551615]"),
            "[9223372036854775807,-9223372036854775808,18446744073709551615]");
  EXPECT_EQ(canonical("[1.0, 1e2, -0.0, 4.50]"), "[1,100,0,4.5]");
}

TEST(CanonicalJson, IsTheRfcsExampleOfSection323) {
  EXPECT_EQ(canonical(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })"),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalJson, SortsMembersByUtf16CodeUnits) {
  // The RFC's example of section 3.2.3: U+1F600 is D83D DE00 in UTF-16 and so goes before U+FB33.
  EXPECT_EQ(canonical(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  })"),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
            "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
            "\"\U0001F600\":\"Emoji: Grinning Face\",\"\uFB33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(CanonicalJson, SortsAPrefixFirst) { EXPECT_EQ(canonical(R"({"ab":1,"a":2,"":3})"), R"({"":3,"a":2,"ab":1})"); }

TEST(CanonicalJson, OfCanonicalJsonIsTheSame) {
  for (const char* text : {"[1152921504606846976.0, 1e20, 1e21, 123456789012345680000.5, 0.1, 5e-324]",
                           R"({"b":[{}, [], ""],"a":{"y":null,"x":true}})"}) {
    const std::string once = canonical(text);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(ToText, WritesWhatNlohmannWrites) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  const double infinite = std::numeric_limits<double>::infinity();
  for (const Json& value : std::vector<Json>{
           nullptr,
           true,
           false,
           0,
           -1,
           18446744073709551615u,
           std::numeric_limits<std::int64_t>::min(),
           1.0,
           -0.0,
           0.1,
           1e300,
           5e-324,
           infinite,
           "",
           "plain",
           all,
           "f\xC3\xBCnf \xF0\x9F\x98\x80",
           std::string("a\0b", 3),
           Json::array(),
           Json::object(),
           Json::array({1, Json::array(), Json::object(), "x"}),
           Json::object({{"\xEF\xAC\xB3", 1}, {"\xF0\x9F\x98\x80", 2}, {"b\n", {{"c", nullptr}}}, {"", 1.5}})})
    EXPECT_EQ(to_text(value), value.dump());
}

TEST(ToText, ReplacesBytesThatAreNotUtf8) {
  for (const char* text : {"a\xff", "\xC3", "\xED\xA0\x80 surrogate", "\xF0\x9F\x98"})
    EXPECT_EQ(to_text(Json(text)), Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
  EXPECT_EQ(to_text(Json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace

TEST(JsonText, FindsTheFirstByteThatHasToBeLookedAtWhereverItIs) {
  for (std::size_t size = 1; size <= 20; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (int byte = 0; byte <= 0xFF; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        if (at + 1 < size) text[at + 1] = '"';  // what comes after it does not matter
        const bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        const std::size_t first = is_plain ? std::min(at + 1, size) : at;
        ASSERT_EQ(plain_json_prefix(text), first) << size << " bytes, " << byte << " at " << at;
      }
  EXPECT_EQ(plain_json_prefix(""), 0u);
}

}  // namespace troupe
