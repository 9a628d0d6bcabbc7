#include "executor_generate/style/painters.hpp"
#include "executor_generate/style/skyline.hpp"

namespace troupe::generate {
namespace {

/// Stars in the cells of a grid, at most one a cell, most of them faint.
class Stars {
 public:
  Stars(float cells, float share, float size, float brightness, float halo, Chance& chance)
      : cells_(cells), share_(share), size_(size), brightness_(brightness), halo_(halo), seed_(chance.bits()) {}

  Colour at(Vec p, float pixel, float crowding) const {
    Colour sum;
    const Vec q = p * cells_ + Vec{1000, 1000};
    const auto x = static_cast<std::int32_t>(q.x), y = static_cast<std::int32_t>(q.y);
    // A star shines at most half a cell far, so only the cells that meet at the nearest corner can reach here.
    const std::int32_t left = q.x - static_cast<float>(x) < 0.5F ? x - 1 : x;
    const std::int32_t top = q.y - static_cast<float>(y) < 0.5F ? y - 1 : y;
    for (std::int32_t cell_y = top; cell_y <= top + 1; ++cell_y) {
      for (std::int32_t cell_x = left; cell_x <= left + 1; ++cell_x) {
        const std::uint32_t hash = hash_cell(cell_x, cell_y, seed_);
        if (unit_float(hash) > share_ * crowding) continue;
        sum = sum + star(hash, q - Vec{static_cast<float>(cell_x), static_cast<float>(cell_y)}, pixel);
      }
    }
    return sum;
  }

 private:
  Colour star(std::uint32_t hash, Vec local, float pixel) const {
    const std::uint32_t more = hash_cell(static_cast<std::int32_t>(hash), 1, seed_);
    const Vec middle{static_cast<float>(more & 0xFFF) / 4096.0F, static_cast<float>(more >> 12 & 0xFFF) / 4096.0F};
    const float cells_away = length(local - middle);
    if (cells_away > 0.5F) return {};
    float rank = static_cast<float>(more >> 24) / 255.0F;
    rank = rank * rank * rank;  // few are bright
    const float radius = std::max(size_ * (0.6F + 0.7F * rank), pixel * 0.55F);
    const float dimming = std::min(1.0F, size_ / (pixel * 0.55F));  // small pictures: fainter rather than fatter
    const float x = cells_away / (cells_ * radius);
    const float edge = 1.0F - 4.0F * cells_away * cells_away;
    const float shine = std::exp(-x * x) + halo_ * std::exp(-x * 0.75F);
    const float light = brightness_ * (0.10F + 0.90F * rank) * dimming * shine * edge;
    const float warmth = unit_float(hash * 2654435761U);
    return mix(Colour{0.72F, 0.84F, 1.0F}, Colour{1.0F, 0.86F, 0.66F}, warmth) * light;
  }

  float cells_, share_, size_, brightness_, halo_;
  std::uint32_t seed_;
};

class NightSky {
 public:
  NightSky(const Canvas& canvas, const Palette& palette, Chance& chance)
      : palette_(palette),
        sky_({palette.tones[0] * 0.30F, mix_perceived(palette.tones[0], palette.tones[1], 0.35F) * 0.75F, palette.tones[1],
              mix_perceived(palette.tones[1], palette.tones[2], 0.75F), mix_perceived(palette.tones[3], palette.accent, 0.3F)}),
        cloud_(chance.next()),
        dust_(chance.next()),
        curtain_(chance.next()),
        dense_(150, 0.42F, 0.0010F, 0.9F, 0.0F, chance),
        medium_(44, 0.26F, 0.0015F, 1.4F, 0.03F, chance),
        bright_(8, 0.28F, 0.0026F, 2.8F, 0.05F, chance),
        pixel_(canvas.pixel()),
        floor_(canvas.half().y),
        has_aurora_(chance.happens(0.4F)),
        has_moon_(chance.happens(0.5F) && !has_aurora_) {
    band_turn_ = direction(chance.between(0.55F, 1.15F) * (chance.happens(0.5F) ? 1.0F : -1.0F));
    band_offset_ = chance.between(-0.1F, 0.1F);
    const float x = chance.between(0.14F, 0.34F) * (band_turn_.y > 0 ? 1.0F : -1.0F);
    const float y = chance.between(-0.34F, -0.2F);
    moon_ = {x, y};
    const float sx = chance.between(-0.3F, 0.3F);
    const float sy = chance.between(-0.42F, -0.15F);
    meteor_ = {sx, sy};
    meteor_turn_ = direction(chance.between(0.25F, 0.7F));
    aurora_shift_ = chance.between(0, 20);
  }

  Colour at(Vec p) const {
    const float up = (p.y + floor_) / (2 * floor_);
    Colour colour = sky_.at(up * up * 0.25F + up * 0.72F);
    const float band = milky_way(p);
    colour = colour + band_light(p, band);
    const float crowding = 0.45F + 1.1F * band;
    const float haze = smooth_step(floor_ * 0.85F, floor_ * 0.1F, p.y);
    if (has_aurora_) colour = colour + aurora(p);
    const Colour stars = dense_.at(p, pixel_, crowding) + medium_.at(p, pixel_, 0.5F + 0.7F * band) + bright_.at(p, pixel_, 1);
    const Colour lights = stars * haze + meteor(p);
    return has_moon_ ? with_moon(p, colour, lights) : colour + lights;
  }

 private:
  float milky_way(Vec p) const {
    const Vec q = turned(p, band_turn_);
    const float bend = cloud_.at({q.x * 1.5F, 4.0F}) * 0.10F;
    const float across = (q.y + band_offset_ + bend) / (has_aurora_ ? 0.13F : 0.17F);
    return std::exp(-across * across) * (has_aurora_ ? 0.45F : 1.0F);
  }

  Colour band_light(Vec p, float band) const {
    const float halo = 0.5F + 0.5F * cloud_.fractal(p * 2.2F + Vec{7, 7}, 3);
    const Colour faint = palette_.tones[2] * (0.12F * halo * halo);
    if (band < 0.01F) return faint;
    const Vec q = turned(p, band_turn_);
    const float clouds = 0.5F + 0.5F * cloud_.fractal(q * 5.0F, 5);
    const float lanes = smooth_step(0.58F, 0.84F, dust_.ridged({q.x * 2.4F, q.y * 5.0F}, 4)) * band;
    const float light = band * (0.25F + 1.3F * clouds * clouds) * (1.0F - 0.82F * lanes);
    const Colour tint = mix(mix_light(), palette_.accent, saturate(clouds * clouds * band * 0.7F));
    return tint * (light * 0.42F) + faint;
  }

  Colour mix_light() const { return mix(palette_.tones[3], palette_.tones[4], 0.35F); }

  /// Curtains: bright along a winding lower edge, fading upwards in rays.
  Colour aurora(Vec p) const {
    Colour sum;
    for (int i = 0; i < 3; ++i) {
      const float layer = static_cast<float>(i);
      const float wind = curtain_.fractal({p.x * 1.3F + aurora_shift_ + layer * 5.1F, layer}, 3);
      const float edge = 0.16F - 0.13F * layer + 0.17F * wind;
      const float above = edge - p.y;
      const float rays = 0.55F + 0.45F * curtain_.at({p.x * 16.0F + wind * 9.0F, layer * 3.0F + p.y * 0.6F});
      const float fine = 0.75F + 0.25F * curtain_.at({p.x * 55.0F + wind * 22.0F, layer * 7.0F});
      const float rise = smooth_step(-0.012F, 0.03F, above) * std::exp(-std::max(above, 0.0F) * (5.0F + 3.0F * layer));
      const float presence = smooth_step(-0.25F, 0.35F, curtain_.at({p.x * 1.1F + layer * 3.3F + aurora_shift_, 8.5F}));
      const Colour low = mix_perceived(palette_.tones[3], palette_.accent, i == 1 ? 0.65F : 0.2F);
      const Colour high = mix(palette_.tones[2], palette_.accent, 0.3F);
      const Colour tint = mix(low, high, saturate(above * 3.4F));
      // Squared, the colour is purer: gas glows in few lines of the spectrum.
      sum = sum + mix(tint, tint * tint * 1.6F, 0.75F) * (rise * rays * fine * presence * (0.95F - 0.18F * layer));
    }
    return sum;
  }

  Colour meteor(Vec p) const {
    const Vec q = p - meteor_;
    const float along = dot(q, meteor_turn_) / 0.2F;
    if (along < 0 || along > 1.02F) return {};
    const float across = std::abs(q.x * -meteor_turn_.y + q.y * meteor_turn_.x);
    const float width = std::max(0.0016F * along, pixel_ * 0.6F);
    const float fade = along <= 1 ? along * along : 0.0F;
    return palette_.lightest() * (0.9F * fade * std::exp(-across * across / (width * width)));
  }

  Colour with_moon(Vec p, Colour behind, Colour lights) const {
    constexpr float kRadius = 0.052F;
    const Vec q = p - moon_;
    const float distance = length(q);
    const Colour light = mix(palette_.lightest(), Colour{1, 0.96F, 0.86F}, 0.6F);
    const float glow = 0.30F * std::exp(-distance * 13.0F) + 0.07F * std::exp(-distance * 4.5F);
    const Colour colour = behind + light * glow + lights * saturate(1.0F - glow * 2.5F);
    const float disc = coverage(distance - kRadius, pixel_ * 1.4F);
    const float shaded = smooth_step(0.007F, -0.007F, length(q - Vec{-0.022F, -0.012F}) - kRadius * 0.95F);
    const float seas = 1.0F - 0.16F * smooth_step(0.0F, 0.5F, cloud_.fractal(q * 42.0F, 3));
    const Colour face = mix(light * seas, behind * 0.9F + light * (glow * 0.3F), shaded);
    return mix(colour, face, disc);
  }

  const Palette& palette_;
  Ramp sky_;
  Noise cloud_, dust_, curtain_;
  Stars dense_, medium_, bright_;
  float pixel_, floor_;
  bool has_aurora_, has_moon_;
  Vec band_turn_, moon_, meteor_, meteor_turn_;
  float band_offset_ = 0, aurora_shift_ = 0;
};

}  // namespace

bool paint_starry(Painting& painting) {
  Chance chance(painting.seed);
  const Canvas& canvas = painting.canvas;
  const Palette& palette = painting.palette;
  const NightSky sky(canvas, palette, chance);
  const float floor = canvas.half().y;
  const Skyline far(canvas, {floor * 0.62F, 0.10F, 0.55F, 6, 0.6F}, chance);
  const Skyline middle(canvas, {floor * 0.78F, 0.05F, 0.7F, 5, 0.2F}, chance);
  Skyline near(canvas, {floor * 0.93F, 0.06F, 0.9F, 4, 0.0F}, chance);
  near.grow_firs(64, 0.20F, chance);
  const float soft = canvas.pixel() * 1.3F;
  const Colour dark = palette.tones[0];
  const Colour haze = mix_perceived(palette.tones[1], palette.tones[2], 0.5F);

  return paint_rows(painting, 0, 1, [&](Vec p) {
    const float in_near = near.cover(p);
    if (in_near >= 1) return dark * 0.22F;
    const float below_far = p.y - far.ground(p.x), below_middle = p.y - middle.ground(p.x);
    Colour colour;
    if (below_far < soft) colour = sky.at(p);
    const Colour far_hill = mix(mix_perceived(palette.tones[0], palette.tones[1], 0.6F) * 0.7F, haze * 0.7F, smooth_step(0, 0.16F, below_far) * 0.6F);
    colour = mix(colour, far_hill, coverage(-below_far, soft));
    const Colour middle_hill = mix(dark * 0.55F, haze * 0.45F, smooth_step(0, 0.14F, below_middle) * 0.5F);
    colour = mix(colour, middle_hill, coverage(-below_middle, soft));
    return mix(colour, dark * 0.22F, in_near);
  });
}

}  // namespace troupe::generate
