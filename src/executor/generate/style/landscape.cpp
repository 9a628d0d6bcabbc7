#include <vector>

#include "executor_generate/style/painters.hpp"
#include "executor_generate/style/skyline.hpp"

namespace troupe::generate {
namespace {

constexpr int kRanges = 6;

/// A scene in depth: sky, sun, ranges from far to near, each paler the further it is, and mist between them.
class Scene {
 public:
  Scene(const Canvas& canvas, const Palette& palette, Chance& chance)
      : sky_({palette.tones[palette.night ? 0 : 1], palette.tones[2], palette.tones[3], palette.tones[4]}),
        clouds_(chance.next()),
        mist_noise_(chance.next()),
        horizon_(chance.between(0.02F, 0.12F)),
        mist_(mix_perceived(palette.tones[3], palette.tones[4], 0.55F)),
        light_(mix(palette.lightest(), Colour{1, 0.97F, 0.9F}, 0.5F)),
        pixel_(canvas.pixel()) {
    const float x = chance.between(-0.3F, 0.3F);
    const float y = chance.between(-0.24F, -0.02F);
    sun_ = {x, y};
    sun_radius_ = chance.between(0.05F, 0.085F);
    cloudiness_ = chance.between(0.3F, 0.8F);
    has_lake_ = chance.happens(0.5F);
    lake_ = chance.between(0.20F, 0.26F);
    raise_ranges(canvas, palette, chance);
  }

  Colour at(Vec p) const {
    const float cover = bank_.front().cover(p);
    if (cover >= 1) return near_;
    return mix(has_lake_ && p.y >= lake_ ? water(p) : land(p), near_, cover);
  }

 private:
  void raise_ranges(const Canvas& canvas, const Palette& palette, Chance& chance) {
    const float foot = has_lake_ ? lake_ - 0.03F : canvas.half().y * 0.62F;
    const float sharpness = chance.between(0.35F, 0.95F);
    for (int i = 0; i < kRanges; ++i) {
      const float depth = static_cast<float>(i) / (kRanges - 1);  // 0 far … 1 near
      Skyline::Shape shape;
      shape.base = lerp(horizon_, foot, depth * depth * 0.75F + depth * 0.25F);
      shape.height = lerp(0.17F, 0.06F, depth) * chance.between(0.8F, 1.25F);
      shape.width = lerp(0.42F, 0.75F, depth);
      shape.octaves = 6;
      shape.sharpness = sharpness * (1.0F - 0.75F * depth);
      Skyline ridge(canvas, shape, chance);
      if (i == kRanges - 1) ridge.grow_firs(190, 0.075F, chance);
      if (i == kRanges - 2) ridge.grow_firs(330, 0.028F, chance);
      ranges_.push_back(std::move(ridge));
      colours_.push_back(mix_perceived(mix_perceived(palette.tones[3], palette.tones[2], 0.45F), palette.tones[0],
                                       0.12F + 0.76F * depth));
    }
    bank_.emplace_back(canvas, Skyline::Shape{canvas.half().y - 0.075F, 0.05F, 0.9F, 4, 0.0F}, chance);
    bank_.back().grow_firs(30, 0.24F, chance);
    near_ = palette.tones[0] * 0.75F;
  }

  Colour sky(Vec p) const {
    const float up = (p.y + 0.5F) / (horizon_ + 0.58F);
    Colour colour = sky_.at(std::pow(saturate(up), 1.15F));
    const float distance = length(p - sun_);
    colour = mix(colour, light_, 0.55F * std::exp(-distance * 8.5F));
    colour = mix(colour, mist_, 0.26F * std::exp(-distance * 2.6F));
    colour = mix(colour, light_, coverage(distance - sun_radius_, pixel_ * 1.5F) * 0.96F);
    // Long thin clouds, lit from below near the sun.
    const float cloud = clouds_.fractal({p.x * 1.7F + 3.0F, p.y * 8.5F + 0.7F * p.x}, 5);
    const float amount = smooth_step(0.08F, 0.62F, cloud) * smooth_step(-0.5F, -0.3F, p.y) * cloudiness_;
    const Colour lit = mix(mist_, light_, 0.35F + 0.65F * std::exp(-distance * 3.0F));
    return mix(colour, lit, amount * 0.62F);
  }

  Colour land(Vec p) const {
    Colour colour = sky(p);
    for (int i = 0; i < kRanges; ++i) {
      const auto range = static_cast<std::size_t>(i);
      const float cover = ranges_[range].cover(p);
      if (cover <= 0) continue;
      const float below = p.y - ranges_[range].ground(p.x);
      const float depth = static_cast<float>(i) / (kRanges - 1);
      // Mist fills the valley at the foot of each range and drifts.
      const float drift = 1.0F + 0.7F * mist_noise_.fractal({p.x * 2.2F + 9.0F * depth, p.y * 6.0F}, 3);
      const float fog = saturate(smooth_step(0.0F, 0.17F, below) * drift) * lerp(0.8F, 0.28F, depth);
      const float glow = std::exp(-length(p - sun_) * 4.0F) * 0.35F * (1.0F - depth);
      Colour ground = mix(colours_[range], mist_, fog);
      ground = mix(ground, light_, glow);
      colour = mix(colour, ground, cover);
    }
    return colour;
  }

  /// The land upside down, torn sideways by ripples that grow towards the viewer, and darker.
  Colour water(Vec p) const {
    const float depth = p.y - lake_;
    const float ripple = mist_noise_.fractal({p.x * 5.0F, 9.0F + depth * 120.0F / (0.35F + depth * 2.0F)}, 3);
    const float reach = 0.003F + depth * 0.05F;
    const Vec mirrored{p.x + ripple * reach * 0.5F, lake_ - depth * 1.15F - std::abs(ripple) * reach * 0.9F};
    Colour colour = land(mirrored) * (0.86F - 0.4F * saturate(depth * 1.6F));
    colour = colour * (1.0F + 0.22F * ripple * saturate(depth * 6.0F));
    const float shore = smooth_step(0.012F, 0.0F, depth) * 0.45F;
    return mix(colour, mist_, shore);
  }

  Ramp sky_;
  Noise clouds_, mist_noise_;
  float horizon_;
  Colour mist_, light_, near_;
  float pixel_;
  Vec sun_;
  float sun_radius_ = 0, cloudiness_ = 0, lake_ = 1;
  bool has_lake_ = false;
  std::vector<Skyline> ranges_;
  std::vector<Colour> colours_;
  std::vector<Skyline> bank_;  ///< the one the viewer stands on
};

}  // namespace

bool paint_landscape(Painting& painting) {
  Chance chance(painting.seed);
  const Scene scene(painting.canvas, painting.palette, chance);
  return paint_rows(painting, 0, 1, [&](Vec p) { return scene.at(p); });
}

}  // namespace troupe::generate
