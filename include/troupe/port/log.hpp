// Port: the log, as the core writes to it. Implemented over the telemetry room; a silent one serves tests. Thread-safe,
// cheap, never blocks, never fails.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Structured fields of a line: job, run, request, trace, step, worker, error, …
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message, LogFields fields) = 0;
};

}  // namespace troupe
