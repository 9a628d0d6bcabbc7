// Gradient noise and what painters build from it. Own code, so that a picture's bytes depend on no library.
#pragma once

#include <cstdint>

#include "executor_generate/vec.hpp"

namespace troupe::generate {

class Noise {
 public:
  explicit Noise(std::uint64_t seed) : seed_(static_cast<std::uint32_t>(seed ^ (seed >> 32))) {}

  /// Smooth, about −1 … 1, zero on the lattice of whole numbers.
  float at(Vec p) const;
  /// A sum of octaves, each of twice the frequency and half the height of the one before; about −1 … 1.
  float fractal(Vec p, int octaves) const;
  /// Sharp crests at 1, valleys towards 0: mountains, veins, nebulae.
  float ridged(Vec p, int octaves) const;

 private:
  std::uint32_t seed_;
};

}  // namespace troupe::generate
