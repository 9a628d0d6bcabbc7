#include "executor_generate/noise.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

constexpr int kSheets = 8;

/// The relief whose contours are the edges of the sheets: low at the border, high in the hollow.
struct Relief {
  Noise bend, body;
  Vec hollow;
  float scale, pull;
  Vec shift;

  explicit Relief(Chance& chance) : bend(chance.next()), body(chance.next()) {
    const float x = chance.between(-0.14F, 0.14F);
    const float y = chance.between(-0.14F, 0.14F);
    hollow = {x, y};
    scale = chance.between(1.5F, 2.3F);
    pull = chance.between(0.55F, 1.1F);
    const float sx = chance.between(0, 40);
    const float sy = chance.between(0, 40);
    shift = {sx, sy};
  }

  /// 0 (uncut top sheet) … 1 (the deepest)
  float at(Vec p) const {
    const Vec q = p * scale + shift;
    const Vec moved{bend.at(q * 0.8F), bend.at(q * 0.8F + Vec{7.3F, 3.1F})};
    const float waves = body.fractal(q * 0.75F + moved * 0.6F, 2);
    const Vec from_hollow = p - hollow;
    return 0.80F - length(from_hollow) * pull * 1.25F + waves * 0.5F;
  }
};

}  // namespace

bool paint_papercut(Painting& painting) {
  Chance chance(painting.seed);
  const Relief relief(chance);
  const Noise fibre(chance.next());
  const Palette& palette = painting.palette;
  const bool bright_inside = palette.night || chance.happens(0.45F);
  const Ramp ramp = palette.ramp();
  const Vec towards_light = Vec{-0.62F, -0.78F};
  const float pixel = painting.canvas.pixel();
  const float delta = 0.002F;

  const auto sheet_colour = [&](int depth) {
    if (depth >= kSheets) return bright_inside ? mix(palette.accent, palette.lightest(), 0.35F) : palette.darkest();
    const float share = static_cast<float>(depth) / (kSheets - 1);
    return ramp.at(bright_inside ? 0.04F + 0.92F * share : 0.98F - 0.9F * share);
  };
  std::array<Colour, kSheets + 1> sheets;
  for (int i = 0; i <= kSheets; ++i) sheets[static_cast<std::size_t>(i)] = sheet_colour(i);

  return paint_rows(painting, 0, 1, [&](Vec p) {
    const float height = relief.at(p);
    const float slope = std::max(0.25F, length({(relief.at(p + Vec{delta, 0}) - height) / delta,
                                                (relief.at(p + Vec{0, delta}) - height) / delta}));
    const float level = std::clamp(height * kSheets, 0.0F, static_cast<float>(kSheets));
    const int depth = std::min(static_cast<int>(level), kSheets);
    const float from_edge = (level - static_cast<float>(depth)) / kSheets / slope;  // in units of the picture
    Colour colour = sheets[static_cast<std::size_t>(depth)];
    colour = colour * (1.0F + 0.035F * fibre.at({p.x * 90, p.y * 260}) + 0.03F * fibre.at(p * 420));

    if (depth > 0) {
      // What the sheet above hides from the light, near and far, and the darkness in the corner itself.
      const float edge = static_cast<float>(depth) / kSheets;
      const float near = relief.at(p + towards_light * 0.012F), far = relief.at(p + towards_light * 0.034F);
      const float shadow = 0.40F * smooth_step(0.016F, -0.016F, near - edge) + 0.26F * smooth_step(0.05F, -0.05F, far - edge);
      const float corner = 0.22F * (1.0F - smooth_step(0, 0.02F, from_edge));
      colour = colour * ((1.0F - shadow) * (1.0F - corner));
      // The pixel that the edge runs through still shows some of the sheet above.
      const Colour above = sheets[static_cast<std::size_t>(depth - 1)] * 1.06F;
      colour = mix(above, colour, saturate(from_edge / pixel));
    }
    const float to_edge = (static_cast<float>(depth + 1) - level) / kSheets / slope;
    if (depth < kSheets) {
      // Cut edges catch a little light.
      const float rim = smooth_step(0.004F, 0.0005F, to_edge) * 0.30F;
      colour = mix(colour, mix(colour * 1.9F, palette.lightest(), 0.12F), rim);
    }
    return colour;
  });
}

}  // namespace troupe::generate
