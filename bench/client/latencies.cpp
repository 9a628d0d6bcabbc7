#include "bench/latencies.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::bench {

void Latencies::add(Steady::duration latency) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  samples_us_.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
  sorted_ = false;
}

std::uint64_t Latencies::percentile_us(double percent) const {
  if (samples_us_.empty()) return 0;
  if (!sorted_) std::sort(samples_us_.begin(), samples_us_.end());
  sorted_ = true;
  const auto count = static_cast<double>(samples_us_.size());
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * count));
  return samples_us_[std::clamp<std::size_t>(rank, 1, samples_us_.size()) - 1];
}

}  // namespace troupe::bench
