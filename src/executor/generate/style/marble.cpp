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
    const Vec q{first.fractal(start, 4), first.fractal(start + Vec{5.2F, 1.3F}, 4)};
    const Vec bent = start + q * bend;
    const Vec r{second.fractal(bent + Vec{1.7F, 9.2F}, 3), second.fractal(bent + Vec{8.3F, 2.8F}, 3)};
    const Vec moved = start + r * bend;
    return {body.fractal(moved * 1.1F, 5), length(q), moved};
  }
};

}  // namespace

bool paint_marble(Painting& painting) {
  Chance chance(painting.seed);
  const Marble marble(chance);
  const Palette& palette = painting.palette;
  const Ramp ramp = palette.ramp();
  const float vein_width = chance.between(0.012F, 0.02F);
  const float pixel = painting.canvas.pixel();
  const float delta = std::max(pixel, 0.0015F);

  return paint_rows(painting, 0, 1, [&](Vec p) {
    const auto sample = marble.at(p);
    const float tone = 0.5F + sample.height * 0.72F + (sample.fold - 0.35F) * 0.35F;
    Colour colour = ramp.at(tone);

    // Light from the upper left grazes the folds.
    const float beyond = marble.body.fractal((sample.moved + Vec{delta, delta} * (marble.scale * 4)) * 1.1F, 3);
    const float here = marble.body.fractal(sample.moved * 1.1F, 3);
    colour = colour * (1.0F + std::clamp((here - beyond) * 9.0F, -0.28F, 0.32F));

    // Veins run where a second noise crosses zero; they thin out and vanish with a third.
    const float crossing = std::abs(marble.veins.fractal(sample.moved * 0.9F, 3));
    const float presence = smooth_step(0.30F, 0.62F, sample.fold);
    const float width = vein_width * (0.35F + presence);
    const float vein = smooth_step(width, width * 0.25F, crossing) * presence;
    const Colour gold = mix(palette.accent, Colour{1, 1, 1}, 0.25F * saturate(0.5F + (here - beyond) * 12.0F));
    return mix(colour, gold, vein * 0.85F);
  });
}

}  // namespace troupe::generate
