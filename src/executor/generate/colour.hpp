// Colour as painters mix it: linear light. Gradients are made in Oklab (Björn Ottosson's perceptual space), where the
// middle between two colours looks like the middle.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace troupe::generate {

struct Colour {
  float r = 0, g = 0, b = 0;

  friend constexpr Colour operator+(Colour a, Colour c) { return {a.r + c.r, a.g + c.g, a.b + c.b}; }
  friend constexpr Colour operator*(Colour a, float factor) { return {a.r * factor, a.g * factor, a.b * factor}; }
  friend constexpr Colour operator*(Colour a, Colour c) { return {a.r * c.r, a.g * c.g, a.b * c.b}; }
};

inline Colour mix(Colour a, Colour b, float share) { return a * (1.0F - share) + b * share; }
float luminance(Colour colour);

/// Perceived lightness 0 … 1, chroma from 0 (grey) to about 0.3, hue in turns 0 … 1.
struct Oklch {
  float lightness = 0, chroma = 0, hue = 0;
};

/// 0xRRGGBB as sRGB.
Colour from_hex(std::uint32_t hex);
/// Out-of-range results are cut to what a screen can show.
Colour from_oklch(Oklch colour);
Oklch to_oklch(Colour colour);
/// The middle ground as the eye sees it.
Colour mix_perceived(Colour a, Colour b, float share);

/// A smooth gradient through several colours, evenly spaced. Copies are cheap enough to keep one per painter.
class Ramp {
 public:
  explicit Ramp(const std::vector<Colour>& stops);
  /// t is cut to 0 … 1.
  Colour at(float t) const;

 private:
  static constexpr int kSteps = 512;
  std::array<Colour, kSteps + 1> table_;
};

}  // namespace troupe::generate
