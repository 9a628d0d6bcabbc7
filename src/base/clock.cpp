#include "troupe/base/clock.hpp"

#include <algorithm>
#include <random>

namespace troupe {

Timestamp SystemClock::now() {
  const auto host = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  const std::int64_t now = to_unix_ms(host);
  std::int64_t latest = latest_ms_.load(std::memory_order_relaxed);
  while (now > latest && !latest_ms_.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {
  }
  return from_unix_ms(std::max(now, latest));
}

Millis SystemClock::monotonic() {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
}

std::uint64_t SystemRandom::next() {
  // One generator a thread, seeded by the operating system: ids need no secrecy, only no collisions.
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

}  // namespace troupe
