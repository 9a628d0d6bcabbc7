#include "executor_generate/noise.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

/// Domain warping: where the noise is read is itself moved by noise, twice.
struct Marble {
  Noise first, second, body, veins;
  float scale, bend;
  Vec drift;

  explicit Marble(Chance& chance)
      : first(chance.next()), second(chance.next()), body(chance.next()), veins(chance.next()) {
    scale = chance.between(1.1F, 1.8F);
    bend = chance.between(0.9F, 1.35F);
    drift = direction(chance.between(0, kTau));
  }

  struct Sample {
    float height;  ///< about −1 … 1
    float fold;    ///< how far the place was moved
    Vec moved;
  };

  Sample at(Vec p) const {
    const Vec start = turned(p, drift) * scale;
    const Vec q{first.fractal(start, 3), first.fractal(start + Vec{5.2F, 1.3F}, 3)};
    const Vec bent = start + q * bend;
    const Vec r{second.fractal(bent + Vec{1.7F, 9.2F}, 3), second.fractal(bent + Vec{8.3F, 2.8F}, 3)};
    const Vec moved = start + r * bend;
    return {body.fractal(moved * 1.1F, 4), length(q), moved};
  }
};

}  // namespace

bool paint_marble(Painting& painting) {
  Chance chance(painting.seed);
  const Marble marble(chance);
  const Palette& palette = painting.palette;
  const Ramp ramp = palette.ramp();
  const float bands = chance.between(3.0F, 5.5F);
  const float contrast = chance.between(0.95F, 1.25F);

  return paint_rows(painting, 0, 1, [&](Vec p) {
    const auto sample = marble.at(p);
    // Light from the upper left grazes the folds.
    const Vec place = sample.moved * 1.1F;
    const float slope = marble.body.fractal(place, 2) - marble.body.fractal(place + Vec{0.02F, 0.02F}, 2);
    const float light = std::clamp(slope * 7.0F, -0.35F, 0.5F);

    // Like agate: the height falls into bands, each a little shaded towards its edge.
    const float level = sample.height * bands + 20.0F;
    const float along = level - std::floor(level);
    const float tone = 0.5F + sample.height * contrast + (sample.fold - 0.33F) * 0.4F + 0.05F * (along - 0.5F);
    const Colour colour = ramp.at(tone) * ((1.0F + light) * (0.93F + 0.1F * along));

    // Veins run along some edges of the bands, broader where the stone was folded much.
    const float presence = smooth_step(0.0F, 0.45F, marble.veins.fractal(sample.moved * 1.3F, 2) + 0.6F * (sample.fold - 0.3F));
    const float edge = std::min(along, 1.0F - along);
    const float vein = smooth_step(0.075F, 0.02F, edge) * presence;
    const Colour metal = mix(palette.accent, Colour{1, 1, 1}, saturate(0.15F + slope * 9.0F)) * (1.0F + light);
    return mix(colour, metal, vein * 0.9F);
  });
}

}  // namespace troupe::generate
