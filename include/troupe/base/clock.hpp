// Ports for what is not deterministic: time and chance. Passed to constructors, never reached for.
#pragma once

#include <atomic>
#include <cstdint>

#include "troupe/base/time.hpp"

namespace troupe {

/// Wall-clock time, and a monotonic clock for leases. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Never goes back within one process.
  virtual Timestamp now() = 0;
  /// Time since an arbitrary start; not affected by changes of the wall clock.
  virtual Millis monotonic() = 0;
};

/// Random bits. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

/// The machine's.
class SystemClock final : public Clock {
 public:
  Timestamp now() override;
  Millis monotonic() override;

 private:
  std::atomic<std::int64_t> latest_ms_{0};
};

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace troupe
