#include "executor_generate/colour.hpp"

#include <algorithm>
#include <cmath>

#include "executor_generate/vec.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::generate {
namespace {

struct Oklab {
  float l = 0, a = 0, b = 0;
};

// The matrices are those of Ottosson's definition of Oklab.
Oklab to_oklab(Colour c) {
  const float l = std::cbrt(0.41222147F * c.r + 0.53633254F * c.g + 0.05144599F * c.b);
  const float m = std::cbrt(0.21190350F * c.r + 0.68069955F * c.g + 0.10739696F * c.b);
  const float s = std::cbrt(0.08830246F * c.r + 0.28171884F * c.g + 0.62997870F * c.b);
  return {0.21045426F * l + 0.79361779F * m - 0.00407205F * s, 1.97799850F * l - 2.42859221F * m + 0.45059371F * s,
          0.02590404F * l + 0.78277177F * m - 0.80867577F * s};
}

Colour from_oklab(Oklab c) {
  const float l = c.l + 0.39633778F * c.a + 0.21580376F * c.b;
  const float m = c.l - 0.10556135F * c.a - 0.06385417F * c.b;
  const float s = c.l - 0.08948418F * c.a - 1.29148555F * c.b;
  const float l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
  return {saturate(4.07674166F * l3 - 3.30771159F * m3 + 0.23096993F * s3),
          saturate(-1.26843800F * l3 + 2.60975740F * m3 - 0.34131940F * s3),
          saturate(-0.00419609F * l3 - 0.70341861F * m3 + 1.70761470F * s3)};
}

Oklab mix(Oklab a, Oklab b, float share) {
  return {lerp(a.l, b.l, share), lerp(a.a, b.a, share), lerp(a.b, b.b, share)};
}

float linear_of(std::uint32_t byte) {
  const float s = static_cast<float>(byte) / 255.0F;
  return s <= 0.04045F ? s / 12.92F : std::pow((s + 0.055F) / 1.055F, 2.4F);
}

}  // namespace

float luminance(Colour colour) { return 0.2126F * colour.r + 0.7152F * colour.g + 0.0722F * colour.b; }

Colour from_hex(std::uint32_t hex) {
  return {linear_of(hex >> 16 & 0xFF), linear_of(hex >> 8 & 0xFF), linear_of(hex & 0xFF)};
}

Colour from_oklch(Oklch colour) {
  const Vec towards = direction(colour.hue * kTau);
  return from_oklab({colour.lightness, colour.chroma * towards.x, colour.chroma * towards.y});
}

Oklch to_oklch(Colour colour) {
  const Oklab lab = to_oklab(colour);
  const float turn = std::atan2(lab.b, lab.a) / kTau;
  return {lab.l, std::sqrt(lab.a * lab.a + lab.b * lab.b), turn < 0 ? turn + 1 : turn};
}

Colour mix_perceived(Colour a, Colour b, float share) { return from_oklab(mix(to_oklab(a), to_oklab(b), share)); }

Ramp::Ramp(const std::vector<Colour>& stops) {
  TROUPE_ASSERT(stops.size() >= 2, "a gradient has two ends");
  const float spans = static_cast<float>(stops.size() - 1);
  for (int i = 0; i <= kSteps; ++i) {
    const float place = static_cast<float>(i) / kSteps * spans;
    const std::size_t from = std::min(static_cast<std::size_t>(place), stops.size() - 2);
    table_[static_cast<std::size_t>(i)] = mix_perceived(stops[from], stops[from + 1], place - static_cast<float>(from));
  }
}

Colour Ramp::at(float t) const {
  const float place = saturate(t) * kSteps;
  const auto from = std::min(static_cast<std::size_t>(place), static_cast<std::size_t>(kSteps - 1));
  return mix(table_[from], table_[from + 1], place - static_cast<float>(from));
}

}  // namespace troupe::generate
