#include "executor_generate/noise.hpp"

#include <cmath>

#include "executor_generate/chance.hpp"

namespace troupe::generate {
namespace {

// Sixteen directions of equal length; with eight, the lattice shows through.
constexpr Vec kGradients[16] = {
    {1.0F, 0.0F},          {0.92388F, 0.38268F},   {0.70711F, 0.70711F},   {0.38268F, 0.92388F},
    {0.0F, 1.0F},          {-0.38268F, 0.92388F},  {-0.70711F, 0.70711F},  {-0.92388F, 0.38268F},
    {-1.0F, 0.0F},         {-0.92388F, -0.38268F}, {-0.70711F, -0.70711F}, {-0.38268F, -0.92388F},
    {0.0F, -1.0F},         {0.38268F, -0.92388F},  {0.70711F, -0.70711F},  {0.92388F, -0.38268F},
};

// Gradient noise of unit vectors reaches ±√½; this brings it to ±1.
constexpr float kAmplitude = 1.41421F;

// Turns and shifts each octave, so that their lattices do not line up at the origin.
constexpr Vec next_octave(Vec p) {
  return {1.6F * p.x + 1.2F * p.y + 17.17F, -1.2F * p.x + 1.6F * p.y - 9.31F};
}

float fade(float t) { return t * t * t * (t * (t * 6.0F - 15.0F) + 10.0F); }

std::int32_t floor_of(float x) {
  const auto whole = static_cast<std::int32_t>(x);
  return whole - (static_cast<float>(whole) > x ? 1 : 0);
}

float corner(std::int32_t x, std::int32_t y, float dx, float dy, std::uint32_t seed) {
  const Vec gradient = kGradients[hash_cell(x, y, seed) >> 28];
  return gradient.x * dx + gradient.y * dy;
}

}  // namespace

float Noise::at(Vec p) const {
  const std::int32_t x = floor_of(p.x), y = floor_of(p.y);
  const float dx = p.x - static_cast<float>(x), dy = p.y - static_cast<float>(y);
  const float sx = fade(dx), sy = fade(dy);
  const float a = corner(x, y, dx, dy, seed_), b = corner(x + 1, y, dx - 1, dy, seed_);
  const float c = corner(x, y + 1, dx, dy - 1, seed_), d = corner(x + 1, y + 1, dx - 1, dy - 1, seed_);
  const float top = a + (b - a) * sx, bottom = c + (d - c) * sx;
  return (top + (bottom - top) * sy) * kAmplitude;
}

float Noise::fractal(Vec p, int octaves) const {
  float sum = 0, height = 0.5F;
  for (int i = 0; i < octaves; ++i) {
    sum += at(p) * height;
    height *= 0.5F;
    p = next_octave(p);
  }
  return sum * 1.25F;
}

float Noise::ridged(Vec p, int octaves) const {
  float sum = 0, height = 0.5F, total = 0;
  for (int i = 0; i < octaves; ++i) {
    const float crest = 1.0F - std::abs(at(p));
    sum += crest * crest * height;
    total += height;
    height *= 0.5F;
    p = next_octave(p);
  }
  return sum / total;
}

}  // namespace troupe::generate
