// The envelope of a batch: where its items begin and end, whatever pieces it comes in.
#include "ingress/item_cutter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::ingress {
namespace {

struct Cut {
  std::vector<std::string> items;
  Result<Done> done = Done{};
};

Cut cut(ItemCutter::Form form, std::string_view body, std::size_t piece, std::size_t item_bytes = 100) {
  Cut result;
  ItemCutter cutter(form, item_bytes,
                    [&](ItemCutter::Item item) { result.items.push_back(item.too_large ? "too large" : item.text); });
  while (!body.empty() && result.done) {
    result.done = cutter.feed(body.substr(0, piece));
    body.remove_prefix(std::min(piece, body.size()));
  }
  if (result.done) result.done = cutter.finish();
  return result;
}

Cut cut_array(std::string_view body) {
  const Cut whole = cut(ItemCutter::Form::array, body, body.size());
  for (std::size_t piece = 1; piece <= 3; ++piece) {
    const Cut pieces = cut(ItemCutter::Form::array, body, piece);
    EXPECT_EQ(pieces.items, whole.items) << body << " in pieces of " << piece;
    EXPECT_EQ(pieces.done.ok(), whole.done.ok()) << body << " in pieces of " << piece;
  }
  return whole;
}

using Items = std::vector<std::string>;

TEST(ItemCutter, EndsAnItemWhereItsBracketsAndStringsDo) {
  const Cut all = cut_array(R"( {"jobs" : [ {"a":"]}\"[,"} ,{"b":[1,[2]]}, 3 ,"x,y", "\\",null] } )");
  EXPECT_TRUE(all.done.ok());
  EXPECT_EQ(all.items, (Items{R"({"a":"]}\"[,"})", R"({"b":[1,[2]]})", "3", R"("x,y")", R"("\\")", "null"}));
}

TEST(ItemCutter, TakesNoJobsAtAll) {
  EXPECT_TRUE(cut_array(R"({"jobs":[]})").done.ok());
  EXPECT_TRUE(cut_array(R"({"jobs":[ ]})").done.ok());
  EXPECT_TRUE(cut(ItemCutter::Form::lines, "", 1).done.ok());
}

TEST(ItemCutter, RefusesABrokenEnvelopeAndGivesWhatCameBefore) {
  struct Case {
    const char* body;
    Items items;
    ErrorCode code;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"", {}, ErrorCode::malformed_json, "at byte 0 "},
      {"[1]", {}, ErrorCode::malformed_json, "at byte 0 there should be '{'"},
      {"{}", {}, ErrorCode::validation_failed, "no jobs"},
      {R"({"job":[1]})", {}, ErrorCode::validation_failed, "one member"},
      {R"({"jobs":1})", {}, ErrorCode::malformed_json, "at byte 8 there should be '['"},
      {R"({"jobs":[1)", {}, ErrorCode::malformed_json, "the rest"},
      {R"({"jobs":[1,2],"more":1})", {"1", "2"}, ErrorCode::malformed_json, "nothing beside"},
      {R"({"jobs":[1]}x)", {"1"}, ErrorCode::malformed_json, "the end"},
      {R"({"jobs":[1,,2]})", {"1"}, ErrorCode::malformed_json, "a job"},
      {R"({"jobs":[1,]})", {"1"}, ErrorCode::malformed_json, "a job"},
      {R"({"jobs":[1}})", {}, ErrorCode::malformed_json, "',' or ']'"},
  };
  for (const Case& a : cases) {
    const Cut all = cut_array(a.body);
    ASSERT_FALSE(all.done.ok()) << a.body;
    EXPECT_EQ(all.items, a.items) << a.body;
    EXPECT_EQ(all.done.error().code, a.code) << a.body;
    EXPECT_NE(all.done.error().message.find(a.says), std::string::npos) << all.done.error().message;
  }
}

TEST(ItemCutter, CutsLinesAndPassesOverBlankOnes) {
  for (std::size_t piece = 1; piece <= 7; ++piece) {
    const Cut all = cut(ItemCutter::Form::lines, "{\"a\":1}\r\n\n  \n{\"b\":\"\\n\"}\nlast", piece);
    EXPECT_TRUE(all.done.ok());
    EXPECT_EQ(all.items, (Items{R"({"a":1})", R"({"b":"\n"})", "last"})) << piece;
  }
}

TEST(ItemCutter, KeepsNothingOfWhatIsTooLarge) {
  for (std::size_t piece = 1; piece <= 7; ++piece) {
    const std::string long_text = '"' + std::string(20, 'x') + '"';
    EXPECT_EQ(cut(ItemCutter::Form::lines, "1\n" + long_text + "\n2", piece, 10).items, (Items{"1", "too large", "2"}));
    EXPECT_EQ(cut(ItemCutter::Form::array, R"({"jobs":[1,)" + long_text + ",2]}", piece, 10).items,
              (Items{"1", "too large", "2"}));
  }
}

}  // namespace
}  // namespace troupe::ingress
