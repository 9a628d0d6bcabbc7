// The latencies of one kind, every one kept: percentiles are exact, and a run is a few million samples at most.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::bench {

using Steady = std::chrono::steady_clock;

class Latencies {
 public:
  void reserve(std::size_t count) { samples_us_.reserve(count); }
  void add(Steady::duration latency);

  std::size_t count() const { return samples_us_.size(); }
  /// By nearest rank: the smallest sample that at least `percent` % of all do not exceed. 0 without samples.
  std::uint64_t percentile_us(double percent) const;

 private:
  mutable std::vector<std::uint64_t> samples_us_;
  mutable bool sorted_ = false;
};

}  // namespace troupe::bench
