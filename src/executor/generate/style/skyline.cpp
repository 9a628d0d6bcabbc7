#include "executor_generate/style/skyline.hpp"

namespace troupe::generate {

Skyline::Skyline(const Canvas& canvas, const Shape& shape, Chance& chance)
    : width_(canvas.width()),
      height_(canvas.height()),
      half_(canvas.half()),
      pixel_(canvas.pixel()),
      top_(static_cast<std::size_t>(canvas.width())) {
  const Noise noise(chance.next());
  const float row = chance.between(0, 100);
  for (std::size_t column = 0; column < top_.size(); ++column) {
    const float x = (static_cast<float>(column) + 0.5F) * pixel_ - half_.x;
    const Vec p{x / shape.width + 31.7F, row};
    const float rolling = noise.fractal(p, shape.octaves);
    const float crests = noise.ridged(p, shape.octaves) * 1.9F - 1.05F;
    top_[column] = shape.base - shape.height * lerp(rolling, crests, shape.sharpness);
  }
}

void Skyline::grow_firs(int count, float height, Chance& chance) {
  firs_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  const auto trees = static_cast<int>(static_cast<float>(count) * half_.x * 2);
  const Noise density(chance.next());
  for (int i = 0; i < trees; ++i) {
    Fir fir{};
    const float x = chance.between(-half_.x, half_.x);
    const float size = chance.between(0.35F, 1.1F);
    fir.height = height * size * (0.8F + 0.6F * density.at({x * 3, 0.5F}));
    fir.half_width = fir.height * chance.between(0.14F, 0.20F);
    fir.whorls = std::floor(chance.between(8, 13));
    fir.tip = {x, ground(x) + fir.height * 0.06F - fir.height};
    fir.seed = chance.bits();
    draw(fir);
  }
}

/// A cone of whorls: each branch reaches out and droops, so the outline is toothed, a little different on both sides.
void Skyline::draw(const Fir& fir) {
  const auto column = [&](float x) { return std::clamp(static_cast<int>((x + half_.x) / pixel_), 0, width_ - 1); };
  const auto row = [&](float y) { return std::clamp(static_cast<int>((y + half_.y) / pixel_), 0, height_ - 1); };
  const int left = column(fir.tip.x - fir.half_width * 1.3F), right = column(fir.tip.x + fir.half_width * 1.3F);
  const int top = row(fir.tip.y), bottom = row(fir.tip.y + fir.height);
  for (int y = top; y <= bottom; ++y) {
    const float down = ((static_cast<float>(y) + 0.5F) * pixel_ - half_.y - fir.tip.y) / fir.height;
    for (int x = left; x <= right; ++x) {
      const float dx = (static_cast<float>(x) + 0.5F) * pixel_ - half_.x - fir.tip.x;
      const int side = dx < 0 ? -1 : 1;
      const float along = saturate(down) * fir.whorls + (side < 0 ? 0.35F : 0.0F) + std::abs(dx) / fir.half_width * 0.3F;
      const auto whorl = static_cast<std::int32_t>(along);
      const float drooping = along - static_cast<float>(whorl);
      const float reach = 0.78F + 0.34F * unit_float(hash_cell(whorl, side, fir.seed));
      const float width = fir.half_width * (0.03F + 0.97F * saturate(down)) * reach * (0.5F + 0.5F * drooping);
      float& cover = firs_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
      cover = std::max(cover, coverage(std::abs(dx) - width, pixel_ * 1.2F));
    }
  }
}

float Skyline::ground(float x) const {
  const float place = std::clamp((x + half_.x) / pixel_ - 0.5F, 0.0F, static_cast<float>(top_.size() - 1));
  const auto from = static_cast<std::size_t>(place);
  const std::size_t to = std::min(from + 1, top_.size() - 1);
  return lerp(top_[from], top_[to], place - static_cast<float>(from));
}

float Skyline::cover(Vec p) const {
  const float earth = coverage(ground(p.x) - p.y, pixel_ * 1.3F);
  if (earth >= 1 || firs_.empty()) return earth;
  const int x = static_cast<int>((p.x + half_.x) / pixel_), y = static_cast<int>((p.y + half_.y) / pixel_);
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return earth;
  return std::max(earth, firs_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)]);
}

}  // namespace troupe::generate
