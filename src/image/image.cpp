#include "image/image.hpp"

#include "troupe/base/assert.hpp"

namespace troupe {

static_assert(sizeof(Rgb) == 3, "rows are handed to libpng as they lie in memory");

Image::Image(int width, int height, Rgb fill) : width_(width), height_(height) {
  TROUPE_ASSERT(width > 0 && height > 0, "an image has at least one pixel");
  pixels_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), fill);
}

std::string_view Image::bytes() const {
  return {reinterpret_cast<const char*>(pixels_.data()), pixels_.size() * sizeof(Rgb)};
}

}  // namespace troupe
