// Broken definitions by chance: whatever is sent, the answer is a definition or an error that says something.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "codec/definition.hpp"

namespace troupe {
namespace {

/// Changes, removes, doubles or swaps a few pieces of a text.
std::string mutate(std::string text, std::mt19937& random) {
  constexpr std::string_view kBytes = "{}[]:,\"'#&*!|>-?%@`~ \n\t\\$0a\xc3\xff";
  const auto place = [&] { return text.empty() ? 0 : random() % text.size(); };
  for (auto changes = 1 + random() % 6; changes > 0; --changes) {
    const std::size_t at = place(), length = std::min<std::size_t>(1 + random() % 24, text.size() - at);
    switch (random() % 4) {
      case 0: text.insert(at, 1, kBytes[random() % kBytes.size()]); break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(place(), text.substr(at, length)); break;
      default:
        if (!text.empty()) text[at] = kBytes[random() % kBytes.size()];
    }
  }
  return text;
}

void expect_an_answer(const std::string& text) {
  const auto parsed = parse_new_workflow(text, fake_check);
  if (parsed.ok()) {
    const auto again = parse_workflow(parsed->canonical, fake_check);
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(again->canonical, parsed->canonical) << text;
    return;
  }
  EXPECT_FALSE(parsed.error().message.empty()) << text;
  for (const Fault& fault : parsed.error().faults) EXPECT_FALSE(fault.message.empty()) << text;
}

TEST(BrokenDefinitions, AlwaysGetAnAnswer) {
  constexpr std::uint32_t kSeed = 20261121;  // to replay one case, start here and count
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const std::string yaml(kPoster);
  const std::string json = parse_workflow(kPoster, fake_check)->canonical;
  for (int i = 0; i < 1'500; ++i) {
    expect_an_answer(mutate(yaml, random));
    expect_an_answer(mutate(json, random));
  }
}

}  // namespace
}  // namespace troupe
