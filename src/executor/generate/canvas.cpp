#include "executor_generate/canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/resize.hpp"

namespace troupe::generate {
namespace {

/// Linear light to sRGB 0 … 255, by a table over the square root, where the curve is nearly straight.
class Curve {
 public:
  Curve() {
    for (int i = 0; i <= kSteps + 1; ++i) {
      const double root = static_cast<double>(i) / kSteps;
      const double linear = root * root;
      const double s = linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
      table_[static_cast<std::size_t>(i)] = static_cast<float>(s * 255.0);
    }
  }
  float at(float linear) const {
    const float place = std::sqrt(saturate(linear)) * kSteps;
    const auto from = static_cast<std::size_t>(place);
    return lerp(table_[from], table_[from + 1], place - static_cast<float>(from));
  }

 private:
  static constexpr int kSteps = 1024;
  std::array<float, kSteps + 2> table_;
};

const Curve& curve() {
  static const Curve table;
  return table;
}

/// −0.5 … 0.5, spread evenly over neighbouring pixels (interleaved gradient noise, Jimenez 2014). White noise would hide
/// bands as well, but makes the PNG a third larger.
float dither(int x, int y) {
  const float inner = 0.06711056F * static_cast<float>(x) + 0.00583715F * static_cast<float>(y);
  const float outer = 52.9829189F * (inner - std::floor(inner));
  return outer - std::floor(outer) - 0.5F;
}

std::uint8_t quantise(float linear, float offset) {
  return static_cast<std::uint8_t>(std::clamp(curve().at(linear) + offset + 0.5F, 0.0F, 255.0F));
}

}  // namespace

Canvas::Canvas(int width, int height)
    : width_(width),
      height_(height),
      pixel_(1.0F / static_cast<float>(std::min(width, height))),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}

void Canvas::repeat_row(int y, int times) {
  const int last = std::min(y + times, height_ - 1);
  for (int below = y + 1; below <= last; ++below) std::copy_n(&at(0, y), width_, &at(0, below));
}

void Canvas::develop_row(int y, Rgb* out) const {
  for (int x = 0; x < width_; ++x) {
    const Colour& colour = at(x, y);
    const float offset = dither(x, y);
    out[x] = {quantise(colour.r, offset), quantise(colour.g, offset), quantise(colour.b, offset)};
  }
}

Image Canvas::preview(int side) const {
  const Size size = fit_within({width_, height_}, side);
  Image out(size.width, size.height);
  for (int y = 0; y < size.height; ++y) {
    const int top = y * height_ / size.height, bottom = std::max(top + 1, (y + 1) * height_ / size.height);
    for (int x = 0; x < size.width; ++x) {
      const int left = x * width_ / size.width, right = std::max(left + 1, (x + 1) * width_ / size.width);
      Colour sum;
      for (int row = top; row < bottom; ++row) {
        for (int column = left; column < right; ++column) sum = sum + at(column, row);
      }
      sum = sum * (1.0F / static_cast<float>((bottom - top) * (right - left)));
      out.at(x, y) = {quantise(sum.r, 0), quantise(sum.g, 0), quantise(sum.b, 0)};
    }
  }
  return out;
}

}  // namespace troupe::generate
