// Port: what the rooms tell the metrics. Each call names something that happened, not a time series, so that a room
// knows neither names nor labels of metrics (docs/metrics.md). Thread-safe, never blocks on I/O, never fails.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

class Metrics {
 public:
  using Duration = std::chrono::nanoseconds;

  virtual ~Metrics() = default;

  // jobs
  virtual void job_accepted(std::string_view workflow_key) = 0;
  /// `scope`: client, workflow or key, whichever lets in the next one latest.
  virtual void rate_limited(std::string_view scope) = 0;
  virtual void job_ended(std::string_view workflow_key, Status status, Duration since_accepted) = 0;
  virtual void step_ended(StepType type, Status status, Duration since_started) = 0;
  virtual void runs_live(std::size_t now) = 0;
  /// Of workflows with a concurrency limit: runs that wait for their turn, and runs that have it.
  virtual void concurrency(std::size_t held, std::size_t under_way) = 0;

  // persistence and queues
  virtual void committed(std::size_t changes, Duration took) = 0;
  /// `queue` is one of a few fixed names, or a pool's.
  virtual void queue_depth(std::string_view queue, std::size_t now) = 0;

  // control
  /// How many kill switches of this scope and mode are engaged.
  virtual void kill_switches(std::string_view scope, std::string_view mode, std::size_t engaged) = 0;

  /// A time of a schedule has come: `outcome` is `begun`, `refused` or `missed`; `late` is how long after the time.
  virtual void schedule_came(std::string_view outcome, Duration late) = 0;

  // actors
  /// `worker` is one of a few fixed names.
  virtual void worker_up(std::string_view worker, bool up) = 0;
  /// `kind` as in ActorView; of a worker its name, too: `worker:exec`.
  virtual void actor_restarted(std::string_view kind) = 0;

  // HTTP
  /// `route` is the pattern (`/v1/jobs/{id}`), never the path.
  virtual void request_answered(std::string_view route, std::string_view method, int status, Duration took) = 0;
  virtual void connections(std::size_t now) = 0;
};

}  // namespace troupe
