// A place or direction in the plane of a picture, and the few curves every painter needs.
//
// Painters work in units of the picture's shorter side: the origin is its middle, x grows to the right, y downwards, and
// the shorter side runs from −0.5 to 0.5. So a picture is composed alike at every size.
#pragma once

#include <algorithm>
#include <cmath>

namespace troupe::generate {

inline constexpr float kTau = 6.2831853F;

struct Vec {
  float x = 0, y = 0;

  friend constexpr Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Vec operator*(Vec a, float factor) { return {a.x * factor, a.y * factor}; }
};

inline float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y; }
inline float length(Vec a) { return std::sqrt(dot(a, a)); }
inline Vec direction(float angle) { return {std::cos(angle), std::sin(angle)}; }
/// Turns `a` by the angle whose direction is `by`.
inline Vec turned(Vec a, Vec by) { return {a.x * by.x - a.y * by.y, a.x * by.y + a.y * by.x}; }

inline float saturate(float x) { return std::clamp(x, 0.0F, 1.0F); }
inline float lerp(float a, float b, float share) { return a + (b - a) * share; }
/// 0 below `low`, 1 above `high`, smooth between. Also falls, when high < low.
inline float smooth_step(float low, float high, float x) {
  const float t = saturate((x - low) / (high - low));
  return t * t * (3.0F - 2.0F * t);
}
/// How much of a pixel of size `pixel` is inside a shape, by the signed distance of its middle (negative inside).
inline float coverage(float distance, float pixel) { return saturate(0.5F - distance / pixel); }

}  // namespace troupe::generate
