#include "executor_generate/palette.hpp"

#include <algorithm>
#include <optional>

#include "troupe/base/ascii.hpp"

namespace troupe::generate {
namespace {

struct Theme {
  std::string_view words;  ///< separated by spaces
  std::array<std::uint32_t, 5> tones;
  std::uint32_t accent;
  bool night = false;
};

// Dark to light. Each was chosen by looking at it in every style.
constexpr Theme kThemes[] = {
    {"sunset dusk evening", {0x2B1B4D, 0x7A2A6B, 0xD8485E, 0xF98B4E, 0xFFD98A}, 0xFFF1C4},
    {"sunrise dawn morning", {0x2F3563, 0x7A5C94, 0xDE8C95, 0xF9BF95, 0xFFEBC8}, 0xFF7A59},
    {"ocean sea water wave lake river coast beach", {0x06243D, 0x0D4D6E, 0x1B87A0, 0x68C3C4, 0xE4F5E9}, 0xFF8A5B},
    {"forest tree jungle wood moss garden spring leaf", {0x10261F, 0x214E3A, 0x4A8350, 0x9CBF6B, 0xF0EDC4}, 0xE8A33D},
    {"neon cyber cyberpunk synthwave electric retrowave arcade",
     {0x0E0630, 0x3B0F7A, 0xB5179E, 0xF72585, 0x4CE0F5},
     0xFFE14D,
     true},
    {"gold golden brass luxury royal", {0x1E150A, 0x54381A, 0xA8742C, 0xE3B454, 0xFFF0C2}, 0x1F5F5B},
    {"night midnight moon star starry constellation",
     {0x070B24, 0x14235A, 0x2C4A93, 0x7C8FCE, 0xF3E9C8},
     0xFFD56B,
     true},
    {"space galaxy cosmic cosmos nebula universe planet",
     {0x080516, 0x2A1350, 0x6A2C91, 0xC05AA8, 0xFBD3E4},
     0x5CE1E6,
     true},
    {"desert sand dune canyon sahara mars", {0x3B1C1A, 0x8C3B2A, 0xCE7442, 0xEBB473, 0xFBE8C6}, 0x2E7F86},
    {"ice snow winter arctic glacier frost cold", {0x14304F, 0x3A6C97, 0x82B4D2, 0xC3DFEC, 0xF9FCFD}, 0xF26A6A},
    {"fire lava flame ember volcano inferno", {0x1A0A0C, 0x5C1116, 0xBE2A1A, 0xF4771D, 0xFFD873}, 0xFFF3C9, true},
    {"autumn fall october harvest maple", {0x2C1A1B, 0x6F2E20, 0xBF5A27, 0xE2A03F, 0xF6E3B4}, 0x5B7553},
    {"blossom sakura cherry rose romance love valentine flower",
     {0x3A1A3A, 0x87386A, 0xD86F93, 0xF4AFB8, 0xFDEBE4},
     0x6BA58F},
    {"lavender provence dream dreamy fairy magic", {0x231A46, 0x51428A, 0x8E77C2, 0xC8B2E3, 0xF8EEF6}, 0xF5B971},
    {"coffee chocolate mocha wooden leather", {0x20130E, 0x4E3022, 0x8B5E3C, 0xC79D70, 0xF4E6D0}, 0x3C7A78},
    {"candy party summer tropical carnival festival pop", {0x2B2060, 0x6C3FB0, 0xF04E98, 0xFF9F5A, 0xFFF0B8}, 0x22C1C3},
    {"storm rain fog mist thunder concrete cloud", {0x1B232B, 0x3D4E5A, 0x6F8590, 0xA9B8BC, 0xECEFEA}, 0xE5A54B},
    {"aurora northern borealis emerald", {0x041B2B, 0x0B4A50, 0x189A7A, 0x7BE3A2, 0xF0FFD9}, 0xC77DFF, true},
    {"vintage retro seventies poster bauhaus", {0x22303C, 0x2F6F7E, 0xD1495B, 0xEDAE49, 0xF6EBD4}, 0x00798C},
    {"ink monochrome noir paper minimal charcoal", {0x17181C, 0x44464D, 0x83858C, 0xC3C2BF, 0xF6F3EC}, 0xD23B3B},
};

struct NamedHue {
  std::string_view words;
  float hue;  ///< turns, in Oklch
  float chroma;
};

constexpr NamedHue kHues[] = {
    {"red crimson scarlet ruby", 0.07F, 1.15F},
    {"orange tangerine amber", 0.15F, 1.0F},
    {"yellow lemon", 0.27F, 1.0F},
    {"brown rust copper bronze", 0.13F, 0.55F},
    {"green lime olive jade", 0.39F, 1.0F},
    {"mint", 0.45F, 0.7F},
    {"teal turquoise cyan aqua", 0.54F, 0.8F},
    {"blue azure cobalt navy sapphire", 0.70F, 1.0F},
    {"indigo", 0.77F, 1.1F},
    {"purple violet plum amethyst", 0.83F, 1.1F},
    {"magenta fuchsia", 0.92F, 1.25F},
    {"pink coral salmon peach", 0.02F, 0.85F},
    {"silver grey gray black white steel", 0.70F, 0.12F},
};

bool lists(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const bool starts = at == 0 || words[at - 1] == ' ';
    const std::size_t end = at + word.size();
    if (starts && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

template <class Entry, std::size_t count>
std::vector<const Entry*> entries_for(const Entry (&table)[count], const std::vector<std::string>& words) {
  std::vector<const Entry*> found;
  for (const std::string& word : words) {
    for (const Entry& entry : table) {
      if (lists(entry.words, word) && std::find(found.begin(), found.end(), &entry) == found.end()) {
        found.push_back(&entry);
      }
    }
  }
  return found;
}

Palette from_theme(const Theme& theme) {
  Palette palette;
  std::transform(theme.tones.begin(), theme.tones.end(), palette.tones.begin(), from_hex);
  palette.accent = from_hex(theme.accent);
  palette.night = theme.night;
  return palette;
}

/// One named colour: shades of it, drifting a little in hue as light does, with its complement as the accent. Two: the
/// lighter tones take the second.
Palette from_hues(const NamedHue& first, const NamedHue& second) {
  const float shift = &first == &second ? 0.03F : 0.0F;
  Palette palette;
  palette.tones = {from_oklch({0.24F, 0.07F * first.chroma, first.hue - shift}),
                   from_oklch({0.42F, 0.12F * first.chroma, first.hue}),
                   from_oklch({0.60F, 0.15F * first.chroma, first.hue + shift}),
                   from_oklch({0.79F, 0.11F * second.chroma, second.hue + shift}),
                   from_oklch({0.95F, 0.03F * second.chroma, second.hue + shift * 2})};
  palette.accent = from_oklch({0.74F, 0.14F, &first == &second ? first.hue + 0.46F : second.hue});
  return palette;
}

/// Two themes in one prompt ('forest at dawn'): the first gives the dark tones, the second the light. Mixing each tone
/// would turn green and pink to mud.
Palette joined(const Palette& first, const Palette& second) {
  Palette palette = first;
  palette.tones[2] = mix_perceived(first.tones[2], second.tones[2], 0.35F);
  palette.tones[3] = second.tones[3];
  palette.tones[4] = second.tones[4];
  palette.accent = second.accent;
  palette.night = first.night || second.night;
  return palette;
}

}  // namespace

Colour Palette::swatch(int i) const {
  switch (i % kSwatches) {
    case 0: return tones[2];
    case 1: return tones[1];
    case 2: return tones[3];
    case 3: return accent;
    default: return tones[0];
  }
}

std::vector<std::string> words_of(std::string_view prompt) {
  std::vector<std::string> words(1);
  for (const char c : prompt) {
    const char lower = to_lower(c);
    if (lower >= 'a' && lower <= 'z') {
      words.back() += lower;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  for (std::string& word : words) {
    if (word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's') word.pop_back();
  }
  return words;
}

Palette palette_for(const std::vector<std::string>& words, std::uint64_t prompt_hash) {
  const auto themes = entries_for(kThemes, words);
  const auto hues = entries_for(kHues, words);
  if (themes.empty() && hues.empty()) return from_theme(kThemes[prompt_hash % std::size(kThemes)]);
  if (themes.empty()) return from_hues(*hues.front(), *hues[hues.size() > 1 ? 1 : 0]);
  Palette palette = from_theme(*themes[0]);
  if (themes.size() > 1) palette = joined(palette, from_theme(*themes[1]));
  if (!hues.empty()) {
    const Palette tinted = from_hues(*hues.front(), *hues.front());
    palette.tones[2] = mix_perceived(palette.tones[2], tinted.tones[2], 0.6F);
    palette.accent = tinted.tones[3];
  }
  return palette;
}

Palette varied(const Palette& palette, Chance& chance) {
  const float turn = chance.between(-0.022F, 0.022F);
  const float saturation = chance.between(0.92F, 1.1F);
  const auto vary = [&](Colour colour) {
    Oklch lch = to_oklch(colour);
    lch.hue += turn;
    lch.chroma *= saturation;
    return from_oklch(lch);
  };
  Palette out = palette;
  for (Colour& tone : out.tones) tone = vary(tone);
  out.accent = vary(palette.accent);
  return out;
}

}  // namespace troupe::generate
