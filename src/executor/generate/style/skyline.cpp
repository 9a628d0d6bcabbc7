#include "executor_generate/style/skyline.hpp"

namespace troupe::generate {
namespace {

struct Fir {
  float x, height, half_width, whorls;
};

/// How high a fir stands above its foot at a distance from its stem: a cone whose branches hang in whorls.
float fir_height(const Fir& fir, float distance) {
  const float from_top = distance / fir.half_width;  // 0 at the tip … 1 at the lowest branches
  if (from_top >= 1) return 0;
  const float whorl = from_top * fir.whorls;
  const float along = whorl - std::floor(whorl);
  // Each whorl reaches out a little further than the one above begins, so that the outline is toothed.
  return fir.height * (1.0F - (std::floor(whorl) + 0.35F * along + 0.65F * along * along * along) / fir.whorls);
}

}  // namespace

Skyline::Skyline(const Canvas& canvas, const Shape& shape, Chance& chance)
    : left_(-canvas.half().x), pixel_(canvas.pixel()), top_(static_cast<std::size_t>(canvas.width())) {
  const Noise noise(chance.next());
  const float row = chance.between(0, 100);
  for (std::size_t column = 0; column < top_.size(); ++column) {
    const float x = left_ + (static_cast<float>(column) + 0.5F) * pixel_;
    const Vec p{x / shape.width + 31.7F, row};
    const float rolling = noise.fractal(p, shape.octaves);
    const float crests = noise.ridged(p, shape.octaves) * 1.9F - 1.05F;
    top_[column] = shape.base - shape.height * lerp(rolling, crests, shape.sharpness);
  }
}

void Skyline::grow_firs(const Canvas& canvas, int count, float height, Chance& chance) {
  const float width = canvas.half().x * 2;
  const std::vector<float> ground = top_;
  const auto trees = static_cast<int>(static_cast<float>(count) * width);
  const Noise density(chance.next());
  for (int i = 0; i < trees; ++i) {
    Fir fir{};
    fir.x = left_ + chance.unit() * width;
    fir.height = height * chance.between(0.45F, 1.15F) * (0.75F + 0.45F * density.at({fir.x * 3, 0.5F}));
    fir.half_width = fir.height * chance.between(0.17F, 0.24F);
    fir.whorls = std::floor(chance.between(6, 10));
    const int from = std::max(0, static_cast<int>((fir.x - fir.half_width - left_) / pixel_));
    const int to = std::min(canvas.width() - 1, static_cast<int>((fir.x + fir.half_width - left_) / pixel_));
    if (from > to) continue;
    const auto stem = static_cast<std::size_t>(std::clamp(static_cast<int>((fir.x - left_) / pixel_), 0, canvas.width() - 1));
    const float foot = ground[stem] + fir.height * 0.12F;
    for (int column = from; column <= to; ++column) {
      const float x = left_ + (static_cast<float>(column) + 0.5F) * pixel_;
      float& top = top_[static_cast<std::size_t>(column)];
      top = std::min(top, foot - fir_height(fir, std::abs(x - fir.x)));
    }
  }
}

float Skyline::at(float x) const {
  const float place = std::clamp((x - left_) / pixel_ - 0.5F, 0.0F, static_cast<float>(top_.size() - 1));
  const auto from = static_cast<std::size_t>(place);
  const std::size_t to = std::min(from + 1, top_.size() - 1);
  return lerp(top_[from], top_[to], place - static_cast<float>(from));
}

}  // namespace troupe::generate
