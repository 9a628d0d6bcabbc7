// Chance that is the same on every machine: integer hashes and a small generator. Nothing here reads a clock, a global
// or the library's distributions (whose results differ between implementations).
//
// Note for callers: C++ leaves the order of function arguments open, so draw into named variables or braces, one after
// the other; two draws in one argument list would differ between compilers.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::generate {

/// Mixes all bits of a 64-bit number (the finalizer of splitmix64).
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// FNV-1a, then mixed.
constexpr std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix_bits(hash);
}

/// For lattices: 32 well-mixed bits of a place and a seed. Cheap, as noise asks for it four times a sample.
constexpr std::uint32_t hash_cell(std::int32_t x, std::int32_t y, std::uint32_t seed) {
  std::uint32_t h = seed + static_cast<std::uint32_t>(x) * 0x8DA6B343U + static_cast<std::uint32_t>(y) * 0xD8163841U;
  h = (h ^ (h >> 15)) * 0x2C1B3C6DU;
  h = (h ^ (h >> 12)) * 0x297A2D39U;
  return h ^ (h >> 15);
}

/// 0 ≤ result < 1, from the upper 24 bits.
constexpr float unit_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * (1.0F / 16777216.0F); }

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return mix_bits(state_++ * 0x9E3779B97F4A7C15ULL); }
  std::uint32_t bits() { return static_cast<std::uint32_t>(next() >> 32); }
  /// 0 ≤ result < 1
  float unit() { return unit_float(bits()); }
  float between(float low, float high) { return low + (high - low) * unit(); }
  /// 0 ≤ result < count
  int below(int count) { return static_cast<int>(static_cast<std::uint64_t>(bits()) * static_cast<std::uint64_t>(count) >> 32); }
  bool happens(float probability) { return unit() < probability; }

 private:
  std::uint64_t state_;
};

}  // namespace troupe::generate
