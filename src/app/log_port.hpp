// The core's Log port over the telemetry room.
#pragma once

#include "troupe/port/log.hpp"

namespace troupe {

class TelemetryLog final : public Log {
 public:
  void write(log::Level level, std::string_view message, log::Fields fields) override;
};

}  // namespace troupe
