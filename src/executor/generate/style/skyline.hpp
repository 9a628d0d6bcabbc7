// Silhouettes for scenes: the height of a ridge by column, plain or grown with firs.
#pragma once

#include <vector>

#include "executor_generate/canvas.hpp"
#include "executor_generate/chance.hpp"
#include "executor_generate/noise.hpp"

namespace troupe::generate {

/// Where a silhouette begins, for each column of a canvas, in painters' units (y downwards).
class Skyline {
 public:
  struct Shape {
    float base = 0;        ///< its mean height
    float height = 0.1F;   ///< how far it rises and falls
    float width = 1;       ///< how wide its mountains are
    int octaves = 5;
    float sharpness = 0;   ///< 0 rolling hills … 1 crests
  };

  Skyline(const Canvas& canvas, const Shape& shape, Chance& chance);
  /// Plants firs along it, `count` on a square picture, of about the given height.
  void grow_firs(const Canvas& canvas, int count, float height, Chance& chance);

  /// The edge at x, between two columns by straight lines.
  float at(float x) const;

 private:
  float left_;
  float pixel_;
  std::vector<float> top_;
};

}  // namespace troupe::generate
