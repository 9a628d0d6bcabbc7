#include <algorithm>
#include <cmath>
#include <vector>

#include "executor_generate/noise.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

constexpr float kStep = 0.004F;        ///< length of one stretch of a ribbon
constexpr int kStretchesMax = 420;     ///< in each direction
constexpr float kWidthMax = 0.017F;    ///< half the width of the broadest ribbon

/// The direction of flow at every place.
struct Field {
  Noise noise;
  float scale, turns, base;
  Vec swirl;
  float swirl_strength;

  explicit Field(Chance& chance) : noise(chance.next()) {
    scale = chance.between(0.8F, 1.5F);
    turns = chance.between(0.35F, 0.75F);
    base = chance.between(0, kTau);
    const float x = chance.between(-0.35F, 0.35F);
    const float y = chance.between(-0.35F, 0.35F);
    swirl = {x, y};
    swirl_strength = chance.happens(0.6F) ? chance.between(0.5F, 1.6F) : 0.0F;
  }

  Vec at(Vec p) const {
    const Vec from = p - swirl;
    const float pull = swirl_strength * std::exp(-dot(from, from) * 7.0F);
    return direction(base + turns * kTau * noise.fractal(p * scale, 2) + pull * kTau * 0.4F);
  }
};

struct Ribbon {
  std::vector<Vec> path;
  float half_width = 0;
};

/// Keeps ribbons apart: every point of every ribbon, in the cells of a grid.
class Occupied {
 public:
  explicit Occupied(Vec half) : half_(half + Vec{kMargin, kMargin}) {
    columns_ = static_cast<int>(half_.x * 2 / kCell) + 1;
    rows_ = static_cast<int>(half_.y * 2 / kCell) + 1;
    cells_.resize(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_));
  }

  bool inside(Vec p) const { return std::abs(p.x) < half_.x && std::abs(p.y) < half_.y; }

  bool free(Vec p, float half_width, float gap) const {
    const int column = column_of(p), row = row_of(p);
    for (int y = std::max(0, row - 1); y <= std::min(rows_ - 1, row + 1); ++y) {
      for (int x = std::max(0, column - 1); x <= std::min(columns_ - 1, column + 1); ++x) {
        for (const Point& point : cells_[static_cast<std::size_t>(y * columns_ + x)]) {
          const Vec between = point.place - p;
          const float apart = point.half_width + half_width + gap;
          if (dot(between, between) < apart * apart) return false;
        }
      }
    }
    return true;
  }

  void take(const Ribbon& ribbon) {
    for (const Vec& p : ribbon.path) {
      cells_[static_cast<std::size_t>(row_of(p) * columns_ + column_of(p))].push_back({p, ribbon.half_width});
    }
  }

 private:
  static constexpr float kMargin = 0.05F;
  static constexpr float kCell = 2 * kWidthMax + 0.008F;  // two broad ribbons and the gap between them

  struct Point {
    Vec place;
    float half_width;
  };

  int column_of(Vec p) const { return std::clamp(static_cast<int>((p.x + half_.x) / kCell), 0, columns_ - 1); }
  int row_of(Vec p) const { return std::clamp(static_cast<int>((p.y + half_.y) / kCell), 0, rows_ - 1); }

  Vec half_;
  int columns_ = 0, rows_ = 0;
  std::vector<std::vector<Point>> cells_;
};

/// Follows the field both ways from a start until it meets another ribbon or leaves the picture.
Ribbon trace(const Field& field, const Occupied& occupied, Vec start, float half_width, float gap, int stretches) {
  Ribbon ribbon{{}, half_width};
  for (const float way : {-1.0F, 1.0F}) {
    std::vector<Vec> path;
    Vec p = start;
    for (int i = 0; i < stretches && occupied.inside(p) && occupied.free(p, half_width, gap); ++i) {
      path.push_back(p);
      p = p + field.at(p) * (kStep * way);
    }
    if (way < 0) {
      std::reverse(path.begin(), path.end());
      ribbon.path = std::move(path);
    } else if (path.size() > 1) {
      ribbon.path.insert(ribbon.path.end(), path.begin() + 1, path.end());
    }
  }
  return ribbon;
}

/// Draws one ribbon at a time: coverage is gathered over all its stretches first, so that joints do not show.
class Brush {
 public:
  explicit Brush(Canvas& canvas) : canvas_(canvas) {
    mask_.resize(static_cast<std::size_t>(canvas.width()) * static_cast<std::size_t>(canvas.height()));
  }

  /// `colour(share, side)`: share 0 … 1 along the ribbon, side −1 … 1 across it.
  template <class ColourAt>
  void draw(const Ribbon& ribbon, ColourAt colour) {
    const std::size_t last = ribbon.path.size() - 1;
    // Broad ribbons are drawn in longer stretches: at their width the corners do not show, and it takes a quarter.
    const std::size_t stride = 1 + static_cast<std::size_t>(ribbon.half_width * 0.8F / kStep);
    for (std::size_t i = 0; i < last; i += stride) {
      const std::size_t next = std::min(i + stride, last);
      stretch(ribbon.path[i], ribbon.path[next], ribbon.half_width, static_cast<float>(i) / static_cast<float>(last),
              static_cast<float>(next) / static_cast<float>(last));
    }
    for (const std::size_t pixel : touched_) {
      const Mark mark = mask_[pixel];
      const auto width = static_cast<std::size_t>(canvas_.width());
      canvas_.blend(static_cast<int>(pixel % width), static_cast<int>(pixel / width), colour(mark.share, mark.side), mark.cover);
      mask_[pixel] = {};
    }
    touched_.clear();
  }

 private:
  struct Mark {
    float cover = 0, share = 0, side = 0, distance = 1e9F;
  };

  void stretch(Vec a, Vec b, float half_width, float share_a, float share_b) {
    const Vec from = canvas_.pixel_place(a), to = canvas_.pixel_place(b);
    const float reach = half_width / canvas_.pixel() + 1.5F;
    const int left = std::max(0, static_cast<int>(std::min(from.x, to.x) - reach));
    const int right = std::min(canvas_.width() - 1, static_cast<int>(std::max(from.x, to.x) + reach) + 1);
    const int top = std::max(0, static_cast<int>(std::min(from.y, to.y) - reach));
    const int bottom = std::min(canvas_.height() - 1, static_cast<int>(std::max(from.y, to.y) + reach) + 1);
    const Vec along = b - a;
    const float square = dot(along, along);
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const Vec q = canvas_.place(x, y) - a;
        const float t = saturate(dot(q, along) / square);
        const Vec off = q - along * t;
        const float distance = length(off);
        const float cover = coverage(distance - half_width, canvas_.pixel());
        if (cover <= 0) continue;
        const std::size_t pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(canvas_.width()) + static_cast<std::size_t>(x);
        Mark& mark = mask_[pixel];
        if (mark.cover <= 0) touched_.push_back(pixel);
        if (distance < mark.distance) {
          const float sign = along.x * q.y - along.y * q.x < 0 ? -1.0F : 1.0F;
          mark = {std::max(cover, mark.cover), lerp(share_a, share_b, t), sign * distance / half_width, distance};
        }
      }
    }
  }

  Canvas& canvas_;
  std::vector<Mark> mask_;
  std::vector<std::size_t> touched_;
};

}  // namespace

bool paint_flow(Painting& painting) {
  Chance chance(painting.seed);
  Canvas& canvas = painting.canvas;
  const Palette& palette = painting.palette;
  const Field field(chance);
  const Noise regions(chance.next()), paper(chance.next());
  const bool dark = palette.night || chance.happens(0.5F);
  const Colour ground = dark ? palette.darkest() * 0.6F : mix(palette.lightest(), Colour{1, 1, 1}, 0.3F);
  const Ramp ramp = dark ? Ramp({palette.tones[1], palette.tones[2], palette.tones[3], palette.tones[4]})
                         : Ramp({palette.tones[0], palette.tones[1], palette.tones[2], palette.tones[3]});
  const auto background = [&](Vec p) {
    return ground * (1.0F + 0.05F * paper.at(p * 150) - 0.25F * smooth_step(0.3F, 0.8F, length(p)));
  };
  if (!paint_rows(painting, 0, 0.08F, background)) return false;

  Occupied occupied(canvas.half());
  Brush brush(canvas);
  const Vec half = canvas.half();
  const auto tries = static_cast<int>(5200 * half.x * half.y * 4);
  for (int i = 0; i < tries; ++i) {
    const float done = static_cast<float>(i) / static_cast<float>(tries);
    if (!painting.monitor.advance(lerp(0.08F, 1.0F, done))) return false;
    // Broad ribbons first; ever finer ones fill what is left.
    const float broad = std::max(0.0F, 1.0F - done * 3.0F);
    const float half_width = lerp(0.0016F, kWidthMax, broad * broad * chance.between(0.35F, 1.0F));
    const float x = chance.between(-half.x, half.x);
    const float y = chance.between(-half.y, half.y);
    const int stretches = static_cast<int>(chance.between(0.25F, 1.0F) * kStretchesMax);
    const bool is_accent = chance.happens(0.06F);
    const float shade = chance.between(-0.16F, 0.16F);
    const bool is_striped = chance.happens(0.14F);
    const Vec start{x, y};
    const Ribbon ribbon = trace(field, occupied, start, half_width, 0.0022F, stretches);
    if (static_cast<float>(ribbon.path.size()) * kStep < std::max(0.03F, half_width * 5)) continue;
    occupied.take(ribbon);
    const float tone = 0.5F + 0.85F * regions.fractal(start * 1.4F, 2) + shade;
    brush.draw(ribbon, [&](float share, float side) {
      const Colour base = is_accent ? palette.accent : ramp.at(tone + (share - 0.5F) * 0.28F);
      const float shading = 1.0F - 0.30F * side * side + 0.16F * -side;  // slightly rounded, lit from one side
      const bool stripe = is_striped && std::abs(side) < 0.34F;
      return (stripe ? mix(base, ground, 0.55F) : base) * shading;
    });
  }
  return true;
}

}  // namespace troupe::generate
