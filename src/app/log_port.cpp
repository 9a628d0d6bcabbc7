#include "app/log_port.hpp"

#include "telemetry/log.hpp"

namespace troupe {

void TelemetryLog::write(log::Level level, std::string_view message, log::Fields fields) {
  if (log::enabled(level)) log::detail::write(level, message, fields);
}

}  // namespace troupe
