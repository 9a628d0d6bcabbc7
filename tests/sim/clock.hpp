// The clock of a simulated machine: the world's time, and how far off it is set. It never goes back within a process,
// but may leap, stand still after it was set back, and be anywhere after a restart.
#pragma once

#include <algorithm>

#include "sim/life.hpp"
#include "troupe/base/clock.hpp"

namespace troupe::sim {

class MachineClock final : public Clock {
 public:
  MachineClock(const Timestamp& world, LifePtr life) : world_(world), life_(std::move(life)) {}

  Timestamp now() override { return life_->clock_latest = std::max(life_->clock_latest, world_ + life_->clock_offset); }
  Millis monotonic() override { return world_.time_since_epoch(); }

 private:
  const Timestamp& world_;
  const LifePtr life_;
};

}  // namespace troupe::sim
