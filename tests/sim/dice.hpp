// Chance, from one seed. Every part of the simulated world forks dice of its own, so that a draw more in one place does
// not change what another draws.
#pragma once

#include <cstdint>
#include <vector>

#include "troupe/base/time.hpp"

namespace troupe::sim {

/// SplitMix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// 0 … below - 1
  std::size_t number(std::size_t below) { return static_cast<std::size_t>(next() % below); }
  bool chance(double percent) { return static_cast<double>(next() % 1'000'000) < percent * 10'000; }
  /// Both included.
  Millis between(Millis least, Millis most) {
    return least + Millis(static_cast<Millis::rep>(number(static_cast<std::size_t>((most - least).count()) + 1)));
  }
  /// Mostly short, now and then up to `most`: each power of two is as likely as the next.
  Millis skewed(Millis most) {
    Millis bound(1);
    while (bound < most && chance(80)) bound *= 2;
    return between(Millis(0), std::min(bound, most));
  }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[number(values.size())];
  }
  Dice fork() { return Dice(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace troupe::sim
