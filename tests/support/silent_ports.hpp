// A log and metrics that take everything and tell nothing. A test that looks at one thing overrides that.
#pragma once

#include "troupe/port/log.hpp"
#include "troupe/port/metrics.hpp"

namespace troupe::test {

class SilentLog : public Log {
 public:
  void write(log::Level, std::string_view, log::Fields) override {}
};

class SilentMetrics : public Metrics {
 public:
  void job_accepted(std::string_view) override {}
  void rate_limited(std::string_view) override {}
  void job_ended(std::string_view, Status, Duration) override {}
  void step_ended(StepType, Status, Duration) override {}
  void runs_live(std::size_t) override {}
  void concurrency(std::size_t, std::size_t) override {}
  void committed(std::size_t, Duration) override {}
  void queue_depth(std::string_view, std::size_t) override {}
  void kill_switches(std::string_view, std::string_view, std::size_t) override {}
  void schedule_came(std::string_view, Duration) override {}
  void worker_up(std::string_view, bool) override {}
  void actor_restarted(std::string_view) override {}
  void request_answered(std::string_view, std::string_view, int, Duration) override {}
  void connections(std::size_t) override {}
};

}  // namespace troupe::test
