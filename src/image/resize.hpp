// Makes images smaller, in linear light: averaging sRGB values directly darkens fine bright detail such as stars.
#pragma once

#include "image/image.hpp"

namespace troupe {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

/// The largest size with the same proportions whose longer side is at most `side`; never larger than it was, and never
/// below one pixel.
Size fit_within(Size size, int side);

/// Each new pixel is the exact mean of the area it covers. Neither side of `size` may be larger than the image's.
Image downscale(const Image& image, Size size);

}  // namespace troupe
