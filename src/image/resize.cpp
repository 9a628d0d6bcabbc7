#include "image/resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

constexpr int kEncodeSteps = 4096;

/// sRGB to linear light and back, by table.
struct Transfer {
  std::array<float, 256> to_linear;
  std::array<std::uint8_t, kEncodeSteps + 1> to_srgb;  ///< indexed by the square root, where the curve is nearly straight

  Transfer() {
    for (std::size_t i = 0; i < to_linear.size(); ++i) {
      const double s = static_cast<double>(i) / 255.0;
      to_linear[i] = static_cast<float>(s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4));
    }
    for (std::size_t i = 0; i < to_srgb.size(); ++i) {
      const double root = static_cast<double>(i) / kEncodeSteps;
      const double linear = root * root;
      const double s = linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
      to_srgb[i] = static_cast<std::uint8_t>(std::lround(s * 255.0));
    }
  }

  std::uint8_t encode(float linear) const {
    const float root = std::sqrt(std::clamp(linear, 0.0F, 1.0F));
    return to_srgb[static_cast<std::size_t>(root * kEncodeSteps + 0.5F)];
  }
};

const Transfer& transfer() {
  static const Transfer tables;
  return tables;
}

/// The source pixels under one new pixel along one axis, and how much of each is covered.
struct Span {
  int first = 0;
  std::vector<float> weights;  ///< sum is 1
};

std::vector<Span> spans(int from, int to) {
  std::vector<Span> out(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * scale;
    const double end = std::min<double>((i + 1) * scale, from);
    Span& span = out[static_cast<std::size_t>(i)];
    span.first = std::min(static_cast<int>(begin), from - 1);
    for (int pixel = span.first; pixel < from && pixel < end; ++pixel) {
      const double covered = std::min<double>(pixel + 1, end) - std::max<double>(pixel, begin);
      span.weights.push_back(static_cast<float>(covered / scale));
    }
  }
  return out;
}

struct Linear {
  float r = 0, g = 0, b = 0;
  void add(const Linear& other, float weight) {
    r += other.r * weight;
    g += other.g * weight;
    b += other.b * weight;
  }
};

/// One source row shrunk to the new width.
void shrink_row(const Rgb* row, const std::vector<Span>& columns, std::vector<Linear>& out) {
  const auto& table = transfer().to_linear;
  for (std::size_t x = 0; x < columns.size(); ++x) {
    Linear sum;
    const Rgb* pixel = row + columns[x].first;
    for (float weight : columns[x].weights) {
      sum.add({table[pixel->r], table[pixel->g], table[pixel->b]}, weight);
      ++pixel;
    }
    out[x] = sum;
  }
}

}  // namespace

Size fit_within(Size size, int side) {
  const int longer = std::max(size.width, size.height);
  if (longer <= side) return size;
  const auto shrink = [&](int length) {
    return std::max(1, static_cast<int>((std::int64_t{length} * side + longer / 2) / longer));
  };
  return {shrink(size.width), shrink(size.height)};
}

Image downscale(const Image& image, Size size) {
  TROUPE_ASSERT(size.width >= 1 && size.height >= 1 && size.width <= image.width() && size.height <= image.height(),
                "downscale only makes images smaller");
  const auto columns = spans(image.width(), size.width);
  const auto rows = spans(image.height(), size.height);
  Image out(size.width, size.height);
  std::vector<Linear> shrunk(columns.size());
  std::vector<Linear> sums(columns.size());
  for (int y = 0; y < size.height; ++y) {
    std::fill(sums.begin(), sums.end(), Linear{});
    const Span& span = rows[static_cast<std::size_t>(y)];
    for (std::size_t i = 0; i < span.weights.size(); ++i) {
      shrink_row(image.row(span.first + static_cast<int>(i)), columns, shrunk);
      for (std::size_t x = 0; x < sums.size(); ++x) sums[x].add(shrunk[x], span.weights[i]);
    }
    for (int x = 0; x < size.width; ++x) {
      const Linear& sum = sums[static_cast<std::size_t>(x)];
      out.at(x, y) = {transfer().encode(sum.r), transfer().encode(sum.g), transfer().encode(sum.b)};
    }
  }
  return out;
}

}  // namespace troupe
