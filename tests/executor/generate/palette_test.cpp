#include "executor_generate/palette.hpp"

#include <gtest/gtest.h>

#include "executor_generate/painting.hpp"

namespace troupe::generate {
namespace {

Palette palette_of(std::string_view prompt) { return palette_for(words_of(prompt), hash_text(prompt)); }
Oklch middle_of(std::string_view prompt) { return to_oklch(palette_of(prompt).tones[2]); }

TEST(Palette, WordsAreLowerCaseAndSingular) {
  EXPECT_EQ(words_of("Two MOUNTAINS, glass & mist-filled lakes"),
            (std::vector<std::string>{"two", "mountain", "glass", "mist", "filled", "lake"}));
  EXPECT_TRUE(words_of("… 123 …").empty());
}

TEST(Palette, NamedColoursSteerTheHue) {
  EXPECT_NEAR(middle_of("a red thing").hue, 0.10, 0.04);
  EXPECT_NEAR(middle_of("a green thing").hue, 0.42, 0.05);
  EXPECT_NEAR(middle_of("a blue thing").hue, 0.73, 0.05);
  EXPECT_LT(middle_of("a silver thing").chroma, 0.04);
}

TEST(Palette, ThemesAreTheSameWhateverElseThePromptSays) {
  EXPECT_EQ(luminance(palette_of("ocean").tones[2]), luminance(palette_of("my ocean, please").tones[2]));
  EXPECT_TRUE(palette_of("midnight").night);
  EXPECT_FALSE(palette_of("sunrise").night);
}

TEST(Palette, EveryPaletteRisesFromDarkToLight) {
  for (const char* prompt : {"sunset", "ocean", "forest", "neon", "gold", "night", "space", "desert", "ice", "fire",
                             "autumn", "sakura", "lavender", "coffee", "candy", "storm", "aurora", "ink", "red",
                             "purple and teal", "forest at dawn", "fire and ice", "blue sunset"}) {
    const Palette palette = palette_of(prompt);
    EXPECT_LT(to_oklch(palette.darkest()).lightness + 0.4F, to_oklch(palette.lightest()).lightness) << prompt;
    for (std::size_t i = 1; i < palette.tones.size(); ++i) {
      EXPECT_LT(to_oklch(palette.tones[i - 1]).lightness, to_oklch(palette.tones[i]).lightness + 0.02F) << prompt << i;
    }
  }
}

TEST(Style, WordsOfThePromptChooseIt) {
  const auto style_of = [](std::string_view prompt) { return style_for(words_of(prompt), hash_text(prompt)); };
  EXPECT_EQ(style_of("The stars above"), Style::starry);
  EXPECT_EQ(style_of("Poster for a shop"), Style::bauhaus);
  EXPECT_EQ(style_of("waves of the sea"), Style::papercut);
  EXPECT_EQ(style_of("misty mountains"), Style::landscape);
  EXPECT_EQ(style_of("a cathedral"), Style::stained_glass);
  EXPECT_EQ(style_of("agate"), Style::marble);
  EXPECT_EQ(style_of("wind"), Style::flow);
}

TEST(Style, NamesReadBack) {
  for (int i = 0; i < kStyles; ++i) {
    const auto style = static_cast<Style>(i);
    EXPECT_EQ(style_from_text(style_text(style)), style);
  }
  EXPECT_FALSE(style_from_text("Flow"));
}

}  // namespace
}  // namespace troupe::generate
