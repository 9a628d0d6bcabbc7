// An image in memory: 8-bit sRGB, three channels, rows from the top, no padding. The one pixel format of the room:
// png.hpp reads and writes it, resize.hpp shrinks it, type_card.hpp draws it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe {

/// One pixel, sRGB.
struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
};

class Image {
 public:
  Image() = default;
  Image(int width, int height, Rgb fill = {});

  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return pixels_.empty(); }

  Rgb& at(int x, int y) { return pixels_[offset(x, y)]; }
  const Rgb& at(int x, int y) const { return pixels_[offset(x, y)]; }
  const Rgb* row(int y) const { return &pixels_[offset(0, y)]; }
  Rgb* row(int y) { return &pixels_[offset(0, y)]; }

  /// The raw pixels, three bytes each: what a digest of the picture is taken over.
  std::string_view bytes() const;
  bool operator==(const Image&) const = default;

 private:
  std::size_t offset(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }

  int width_ = 0;
  int height_ = 0;
  std::vector<Rgb> pixels_;
};

}  // namespace troupe
