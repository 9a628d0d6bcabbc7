// The Metrics port over prometheus-cpp, and the text that /metrics answers. Names, labels and buckets are a contract:
// docs/metrics.md lists them, a test holds them.
//
// Labels are bounded: a workflow beyond the first 200, a route beyond 100, a queue or an actor beyond 64 counts as
// `other`.
#pragma once

#include <memory>
#include <string>

#include "troupe/port/metrics.hpp"

namespace troupe {

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  void job_accepted(std::string_view workflow_key) override;
  void rate_limited(std::string_view scope) override;
  void job_ended(std::string_view workflow_key, Status status, Duration since_accepted) override;
  void step_ended(StepType type, Status status, Duration since_started) override;
  void runs_live(std::size_t now) override;
  void concurrency(std::size_t held, std::size_t under_way) override;
  void committed(std::size_t changes, Duration took) override;
  void queue_depth(std::string_view queue, std::size_t now) override;
  void kill_switches(std::string_view scope, std::string_view mode, std::size_t engaged) override;
  void schedule_came(std::string_view outcome, Duration late) override;
  void worker_up(std::string_view worker, bool up) override;
  void actor_restarted(std::string_view kind) override;
  void request_answered(std::string_view route, std::string_view method, int status, Duration took) override;
  void connections(std::size_t now) override;

  /// Everything as Prometheus text, format 0.0.4. Reads /proc for the process's own metrics; touches no disk.
  std::string render() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace troupe
