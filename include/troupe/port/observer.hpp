// Port: what the core tells of itself while it works: counters, durations and log lines. Implemented over the telemetry
// room; a silent one serves tests. Thread-safe, cheap, never blocks, never fails.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Structured fields of a log line: job, run, step, request, trace, …
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

class Observer {
 public:
  virtual ~Observer() = default;

  virtual void job_accepted(std::string_view /*workflow*/) {}
  virtual void job_ended(std::string_view /*workflow*/, Status, Millis /*since acceptance*/) {}
  virtual void step_ended(StepType, Status, Millis /*of the attempt*/) {}
  virtual void committed(std::size_t /*changes*/, std::chrono::microseconds /*took*/) {}
  virtual void queue_depth(std::string_view /*queue*/, std::size_t) {}
  virtual void runs_live(std::size_t) {}
  virtual void log(LogLevel, std::string_view /*message*/, LogFields) {}
};

}  // namespace troupe
