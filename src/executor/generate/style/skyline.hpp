// Silhouettes for scenes: a ridge across the picture, plain or grown with firs.
#pragma once

#include <vector>

#include "executor_generate/canvas.hpp"
#include "executor_generate/chance.hpp"
#include "executor_generate/noise.hpp"

namespace troupe::generate {

class Skyline {
 public:
  struct Shape {
    float base = 0;        ///< its mean height, in painters' units (y downwards)
    float height = 0.1F;   ///< how far it rises and falls
    float width = 1;       ///< how wide its mountains are
    int octaves = 5;
    float sharpness = 0;   ///< 0 rolling hills … 1 crests
  };

  Skyline(const Canvas& canvas, const Shape& shape, Chance& chance);
  /// Plants firs along it, `count` on a square picture, of about the given height.
  void grow_firs(int count, float height, Chance& chance);

  /// The ground at x, between two columns by straight lines; firs stand above it.
  float ground(float x) const;
  /// How much of the pixel at p is ground or fir, 0 … 1.
  float cover(Vec p) const;

 private:
  struct Fir {
    Vec tip;
    float height, half_width, whorls;
    std::uint32_t seed;
  };

  void draw(const Fir& fir);

  int width_, height_;
  Vec half_;
  float pixel_;
  std::vector<float> top_;
  std::vector<float> firs_;  ///< coverage by pixel; empty without firs
};

}  // namespace troupe::generate
