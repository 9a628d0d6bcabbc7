// What painters paint on: linear light in floats, so that glows add up and thin edges blend without steps. At the end it
// is developed to 8-bit sRGB, dithered so that skies show no bands.
#pragma once

#include <cstddef>
#include <vector>

#include "executor_generate/colour.hpp"
#include "executor_generate/vec.hpp"
#include "image/image.hpp"

namespace troupe::generate {

class Canvas {
 public:
  Canvas(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  /// The size of one pixel in painters' units.
  float pixel() const { return pixel_; }
  /// Half the picture's extent: 0.5 on the shorter side, more on the longer.
  Vec half() const { return {static_cast<float>(width_) * pixel_ / 2, static_cast<float>(height_) * pixel_ / 2}; }
  /// The middle of a pixel in painters' units, and back (not rounded).
  Vec place(int x, int y) const {
    return {(static_cast<float>(x) + 0.5F) * pixel_ - half().x, (static_cast<float>(y) + 0.5F) * pixel_ - half().y};
  }
  Vec pixel_place(Vec p) const { return {(p.x + half().x) / pixel_ - 0.5F, (p.y + half().y) / pixel_ - 0.5F}; }

  Colour& at(int x, int y) { return pixels_[offset(x, y)]; }
  const Colour& at(int x, int y) const { return pixels_[offset(x, y)]; }
  void blend(int x, int y, Colour colour, float share) { at(x, y) = mix(at(x, y), colour, share); }
  /// Row y is shown on the rows below it as well, until they are painted themselves.
  void repeat_row(int y, int times);

  /// One finished row.
  void develop_row(int y, Rgb* out) const;
  /// A small likeness, its longer side at most `side`.
  Image preview(int side) const;

 private:
  std::size_t offset(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }

  int width_;
  int height_;
  float pixel_;
  std::vector<Colour> pixels_;
};

}  // namespace troupe::generate
