// A built-in font of 5 × 7 dots: capitals, digits and a few signs. Enough for a file's extension on its type card; no
// font file is needed anywhere.
#pragma once

#include <array>
#include <cstdint>

namespace troupe {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 7;

/// One row a byte, the leftmost dot in bit 4.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

/// A–Z (either case), 0–9, space and . - _ +; all else is a hollow box.
const Glyph& glyph_of(char c);

inline bool dot_of(const Glyph& glyph, int x, int y) {
  return (glyph[static_cast<std::size_t>(y)] >> (kGlyphWidth - 1 - x)) & 1;
}

}  // namespace troupe
