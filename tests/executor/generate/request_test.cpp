#include "executor_generate/request.hpp"

#include <gtest/gtest.h>

namespace troupe::generate {
namespace {

Result<Request> parse(std::string json) { return parse_request(Document(std::move(json))); }

TEST(GenerateRequest, FillsInDefaultsFromThePrompt) {
  const auto request = parse(R"({"prompt": "a misty mountain"})");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->count, 4);
  EXPECT_EQ(request->width, 768);
  EXPECT_EQ(request->height, 768);
  EXPECT_EQ(request->style, Style::landscape);
  EXPECT_EQ(request->seed, parse(R"({"prompt": "a misty mountain", "seed": null})")->seed);
  EXPECT_NE(request->seed, parse(R"({"prompt": "a misty mountain!"})")->seed);
}

TEST(GenerateRequest, TakesWhatItIsGiven) {
  const auto request = parse(R"({"prompt": "x", "count": 64, "width": 64, "height": 2048.0, "seed": 9007199254740991,
                                 "style": "stained-glass"})");
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->count, 64);
  EXPECT_EQ(request->width, 64);
  EXPECT_EQ(request->height, 2048);
  EXPECT_EQ(request->seed, kSeedMax);
  EXPECT_EQ(request->style, Style::stained_glass);
}

TEST(GenerateRequest, CountsCharactersOfThePromptAndNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 2000; ++i) umlauts += "ä";
  EXPECT_TRUE(parse(R"({"prompt": ")" + umlauts + "\"}").ok());
  const auto longer = parse(R"({"prompt": ")" + umlauts + "ä\"}");
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().message, "prompt: has 2001 characters; 1 to 2000 are allowed");
}

struct Bad {
  const char* config;
  const char* message;
};

TEST(GenerateRequest, BadValuesNameFieldValueAndLimits) {
  const Bad table[] = {
      {R"({})", "prompt: is required"},
      {R"({"prompt": ""})", "prompt: has 0 characters; 1 to 2000 are allowed"},
      {R"({"prompt": 7})", "prompt: 7 is not a string"},
      {R"({"prompt": "x", "count": 0})", "count: 0 is not a whole number from 1 to 64"},
      {R"({"prompt": "x", "count": 65})", "count: 65 is not a whole number from 1 to 64"},
      {R"({"prompt": "x", "count": 2.5})", "count: 2.5 is not a whole number from 1 to 64"},
      {R"({"prompt": "x", "width": 63})", "width: 63 is not a whole number from 64 to 2048"},
      {R"({"prompt": "x", "height": 2049})", "height: 2049 is not a whole number from 64 to 2048"},
      {R"({"prompt": "x", "height": "512"})", "height: \"512\" is not a whole number from 64 to 2048"},
      {R"({"prompt": "x", "seed": -1})", "seed: -1 is not a whole number from 0 to 9007199254740991"},
      {R"({"prompt": "x", "seed": 18446744073709551615})",
       "seed: 18446744073709551615 is not a whole number from 0 to 9007199254740991"},
      {R"({"prompt": "x", "seed": 1e300})", "seed: 1e+300 is not a whole number from 0 to 9007199254740991"},
      {R"({"prompt": "x", "style": "oil"})",
       "style: \"oil\" is none of flow, landscape, stained-glass, marble, bauhaus, starry, papercut"},
      {R"({"prompt": "x", "widht": 512})",
       "widht: there is no such field; a generate step takes prompt, count, width, height, seed, style"},
      {R"([])", "the config is not an object"},
  };
  for (const Bad& bad : table) {
    const auto request = parse(bad.config);
    ASSERT_FALSE(request.ok()) << bad.config;
    EXPECT_EQ(request.error().code, ErrorCode::invalid_config);
    EXPECT_FALSE(request.error().retryable);
    EXPECT_EQ(request.error().message, bad.message);
  }
}

TEST(GenerateRequest, ReportsAllFaultsAtOnceWithPointers) {
  const auto request = parse(R"({"count": 0, "width": 1})");
  ASSERT_FALSE(request.ok());
  const auto& faults = request.error().faults;
  ASSERT_EQ(faults.size(), 3U);
  EXPECT_EQ(faults[0].pointer, "/prompt");
  EXPECT_EQ(faults[1].pointer, "/count");
  EXPECT_EQ(faults[2].pointer, "/width");
}

}  // namespace
}  // namespace troupe::generate
