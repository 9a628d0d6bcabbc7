// The colours of a picture, read from the words of its prompt: 'sunset over the ocean' looks like one. Prompts without
// such words get one of the curated palettes by their hash.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "executor_generate/chance.hpp"
#include "executor_generate/colour.hpp"

namespace troupe::generate {

struct Palette {
  std::array<Colour, 5> tones;  ///< from the darkest to the lightest
  Colour accent;                ///< stands out from the tones
  bool night = false;           ///< the words speak of darkness

  Colour darkest() const { return tones[0]; }
  Colour lightest() const { return tones[4]; }
  Ramp ramp() const { return Ramp({tones.begin(), tones.end()}); }
  /// For flat shapes: the accent and the middle tones, which all differ clearly.
  Colour swatch(int i) const;
};

inline constexpr int kSwatches = 5;

/// The prompt in lower-case words of ASCII letters, a plural 's' cut off.
std::vector<std::string> words_of(std::string_view prompt);

/// The same for the same words and hash.
Palette palette_for(const std::vector<std::string>& words, std::uint64_t prompt_hash);

/// The same palette in slightly another light, so that the pictures of one prompt are kin but not copies.
Palette varied(const Palette& palette, Chance& chance);

}  // namespace troupe::generate
