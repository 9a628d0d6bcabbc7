#include "ingress/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "codec/json.hpp"

namespace troupe::ingress {
namespace {

std::string written(std::string_view text) {
  JsonWriter json;
  json.begin_array().element_text(text).end_array();
  return json.take();
}

TEST(JsonWriter, KeepsTheOrderAndSplicesDocumentsAsTheyAre) {
  JsonWriter json;
  json.begin_object().text("b", "x").number("a", 18446744073709551615ULL).real("r", 0.5).flag("f", true).null("n");
  json.document("d", Document(R"({"z": 1})")).document("absent", Document()).time("t", kNever);
  json.begin_array("list").begin_object().end_object().begin_object().end_object().end_array().end_object();
  EXPECT_EQ(
      json.take(),
      R"({"b":"x","a":18446744073709551615,"r":0.5,"f":true,"n":null,"d":{"z": 1},"absent":null,"t":null,"list":[{},{}]})");
}

TEST(JsonWriter, EscapesWhatJsonDemandsAndNothingElse) {
  EXPECT_EQ(written("a\"b\\c\n\r\t\x01\x7F/ä€😀"), "[\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7F/ä€😀\"]");
  EXPECT_EQ(written(std::string_view("\0", 1)), R"(["\u0000"])");
}

TEST(JsonWriter, AnyBytesBecomeJson) {
  for (const char* bytes :
       {"\x80", "\xC3", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "a\xE4z", "\xE0\x80\x80"})
    EXPECT_TRUE(parse_json(written(bytes)).ok())
        << to_hex(reinterpret_cast<const std::uint8_t*>(bytes), std::string_view(bytes).size());
  for (int byte = 0; byte < 256; ++byte)
    for (int next = 0; next < 256; ++next) {
      const char text[2] = {static_cast<char>(byte), static_cast<char>(next)};
      ASSERT_TRUE(parse_json(written({text, 2})).ok()) << byte << " " << next;
    }
}

TEST(JsonWriter, WhatIsNoNumberIsNull) {
  JsonWriter json;
  json.begin_object().real("a", std::numeric_limits<double>::infinity()).real("b", 1e300).end_object();
  EXPECT_EQ(json.take(), R"({"a":null,"b":1e+300})");
}

}  // namespace
}  // namespace troupe::ingress
