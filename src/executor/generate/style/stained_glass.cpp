#include <algorithm>
#include <vector>

#include "executor_generate/noise.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

constexpr float kLead = 0.0042F;  ///< half the width of a lead came

struct Pane {
  Vec site;
  Colour glass;
  Vec grain;  ///< the direction its streaks run in
};

/// What is at a place: the pane, and how far it is to the nearest border of it.
struct Hit {
  const Pane* pane = nullptr;
  float to_border = 0;
};

/// The Voronoi cells of the panes. Each tile of the picture keeps the few sites that can matter in it, so the distances
/// are exact for any arrangement of sites.
class Window {
 public:
  Window(std::vector<Pane> panes, const Canvas& canvas) : panes_(std::move(panes)), half_(canvas.half()) {
    columns_ = static_cast<int>(half_.x * 2 / kTile) + 1;
    rows_ = static_cast<int>(half_.y * 2 / kTile) + 1;
    const float reach = kTile * 0.70711F;
    for (int i = 0; i < columns_ * rows_; ++i) {
      const Vec middle{(static_cast<float>(i % columns_) + 0.5F) * kTile - half_.x,
                       (static_cast<float>(i / columns_) + 0.5F) * kTile - half_.y};
      float nearest = 1e9F;
      for (const Pane& pane : panes_) nearest = std::min(nearest, length(pane.site - middle));
      // From anywhere in the tile the nearest site is at most nearest + reach away; a border within kBorderSeen of the
      // place belongs to a site at most 2 · kBorderSeen further.
      const float limit = nearest + 2 * reach + 2 * kBorderSeen;
      std::vector<const Pane*> candidates;
      for (const Pane& pane : panes_) {
        if (length(pane.site - middle) <= limit) candidates.push_back(&pane);
      }
      tiles_.push_back(std::move(candidates));
    }
  }

  Hit at(Vec p) const {
    const int x = std::clamp(static_cast<int>((p.x + half_.x) / kTile), 0, columns_ - 1);
    const int y = std::clamp(static_cast<int>((p.y + half_.y) / kTile), 0, rows_ - 1);
    const auto& candidates = tiles_[static_cast<std::size_t>(y * columns_ + x)];
    Hit hit;
    float nearest = 1e9F;
    for (const Pane* pane : candidates) {
      const Vec to = pane->site - p;
      if (dot(to, to) < nearest) {
        nearest = dot(to, to);
        hit.pane = pane;
      }
    }
    hit.to_border = kBorderSeen;
    for (const Pane* pane : candidates) {
      if (pane == hit.pane) continue;
      const Vec between = pane->site - hit.pane->site;
      const Vec middle = (pane->site + hit.pane->site) * 0.5F;
      hit.to_border = std::min(hit.to_border, dot(middle - p, between) / length(between));
    }
    return hit;
  }

 private:
  static constexpr float kTile = 1.0F / 24;
  static constexpr float kBorderSeen = 0.045F;

  std::vector<Pane> panes_;
  Vec half_;
  int columns_ = 0, rows_ = 0;
  std::vector<std::vector<const Pane*>> tiles_;
};

Pane pane_at(Vec site, Colour glass, Chance& chance) { return {site, glass, direction(chance.between(0, kTau))}; }

Colour tinted(Colour glass, Chance& chance) {
  Oklch lch = to_oklch(glass);
  lch.lightness = std::clamp(lch.lightness + chance.between(-0.07F, 0.07F), 0.32F, 0.92F);
  lch.chroma = std::min(lch.chroma * 1.2F + 0.015F, 0.24F);
  lch.hue += chance.between(-0.018F, 0.018F);
  return from_oklch(lch);
}

/// Random panes in the middle of a jittered grid; colours follow a wave across the window.
std::vector<Pane> field_panes(const Canvas& canvas, const Palette& palette, Chance& chance) {
  const float cell = 1.0F / std::floor(chance.between(9, 14));
  const Noise regions(chance.next());
  const Ramp ramp = Ramp({palette.tones[1], palette.tones[2], palette.tones[3], palette.tones[4]});
  const Vec half = canvas.half();
  const auto right = static_cast<int>(half.x / cell) + 2, down = static_cast<int>(half.y / cell) + 2;
  std::vector<Pane> panes;
  for (int y = -down; y <= down; ++y) {
    for (int x = -right; x <= right; ++x) {
      const float dx = chance.between(-0.46F, 0.46F);
      const float dy = chance.between(-0.46F, 0.46F);
      const Vec site{(static_cast<float>(x) + dx) * cell, (static_cast<float>(y) + dy) * cell};
      const float tone = 0.5F + 0.75F * regions.fractal(site * 1.9F, 2) + chance.between(-0.12F, 0.12F);
      const Colour glass = chance.happens(0.09F) ? palette.accent : ramp.at(tone);
      panes.push_back(pane_at(site, tinted(glass, chance), chance));
    }
  }
  return panes;
}

/// A rose window: rings of petals around a boss, the same in every sector.
std::vector<Pane> rose_panes(const Canvas& canvas, const Palette& palette, Chance& chance) {
  const int petals = 8 + 2 * chance.below(5);
  const float boss = chance.between(0.05F, 0.07F);
  std::vector<Pane> panes{pane_at({0, 0}, tinted(palette.accent, chance), chance)};
  const float reach = length(canvas.half()) + 0.1F;
  float radius = boss * 2.0F;
  for (int ring = 0; radius < reach; ++ring) {
    const int around = petals * (radius < 0.14F ? 1 : radius < 0.42F ? 2 : 4);
    const float offset = ring % 2 == 0 ? 0.0F : 0.5F;
    const int colour = chance.below(kSwatches - 1);
    const int other = chance.happens(0.5F) ? colour : chance.below(kSwatches - 1);
    const bool outside = radius > 0.47F;
    for (int i = 0; i < around; ++i) {
      const float angle = (static_cast<float>(i) + offset) / static_cast<float>(around) * kTau;
      Colour glass = palette.swatch(i % 2 == 0 ? colour : other);
      if (outside) glass = mix_perceived(palette.tones[1], palette.tones[0], 0.3F);
      panes.push_back(pane_at(direction(angle) * radius, tinted(glass, chance), chance));
    }
    radius += chance.between(0.052F, 0.085F) * (outside ? 1.3F : 1.0F);
  }
  return panes;
}

}  // namespace

bool paint_stained_glass(Painting& painting) {
  Chance chance(painting.seed);
  const Canvas& canvas = painting.canvas;
  const Palette& palette = painting.palette;
  const bool rose = chance.happens(0.5F);
  const Window window(rose ? rose_panes(canvas, palette, chance) : field_panes(canvas, palette, chance), canvas);
  const Noise streaks(chance.next()), ripples(chance.next()), daylight(chance.next());
  const float lx = chance.between(-0.2F, 0.2F);
  const float ly = chance.between(-0.3F, 0.05F);
  const Vec sun = rose ? Vec{0, 0} : Vec{lx, ly};
  const Colour lead = mix(palette.darkest() * 0.18F, Colour{0.02F, 0.02F, 0.025F}, 0.6F);
  const float pixel = canvas.pixel();

  return paint_rows(painting, 0, 1, [&](Vec p) {
    const Hit hit = window.at(p);
    const Vec along = turned(p, hit.pane->grain);
    const float streak = streaks.fractal({along.x * 9.0F, along.y * 46.0F}, 3);
    const float ripple = ripples.at(p * 34.0F);
    const float sky = 0.5F + 0.5F * daylight.fractal(p * 1.6F, 3);
    const float glow = 0.46F + 0.75F * std::exp(-length(p - sun) * 2.1F) + 0.28F * sky;
    // Thicker towards the lead: the middle of a pane lets most light through.
    const float middle = 0.72F + 0.34F * smooth_step(0.0F, 0.034F, hit.to_border);
    Colour colour = hit.pane->glass * (glow * middle * (1.0F + 0.20F * streak + 0.09F * ripple));
    colour = colour + Colour{1, 1, 1} * (0.10F * smooth_step(0.45F, 0.9F, streak + 0.4F * ripple) * glow);
    // The came: round, so its middle catches a little of the light in the room.
    const float round = saturate(1.0F - hit.to_border / kLead);
    const Colour came = lead + Colour{0.05F, 0.052F, 0.06F} * (round * round * 1.2F);
    return mix(colour, came, coverage(hit.to_border - kLead, pixel * 1.2F));
  });
}

}  // namespace troupe::generate
