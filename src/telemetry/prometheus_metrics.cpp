#include "telemetry/prometheus_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>

#include "telemetry/build_info.hpp"
#include "telemetry/process_metrics.hpp"
#include "telemetry/series.hpp"

namespace troupe {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Buckets = Histogram::BucketBoundaries;

constexpr std::size_t kWorkflowsMost = 200;
constexpr std::size_t kRoutesMost = 100;
constexpr std::size_t kQueuesMost = 64;
constexpr std::size_t kActorsMost = 64;

/// A request takes from fractions of a millisecond to Prefer: wait=60; a job from milliseconds to days.
const Buckets kRequestSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60};
const Buckets kCommitSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
const Buckets kCommitChanges = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000};
const Buckets kWorkSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21600, 86400};

prometheus::Family<Counter>& counter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<Gauge>& gauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
prometheus::Family<Histogram>& histogram(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

double seconds(Metrics::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods = {"GET",  "POST",    "PUT",  "DELETE",
                                                               "HEAD", "OPTIONS", "PATCH"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end() ? method : "other";
}

}  // namespace

struct PrometheusMetrics::Families {
  Registry registry;
  BoundedLabel workflows{kWorkflowsMost}, routes{kRoutesMost}, queues{kQueuesMost}, actors{kActorsMost};

  Series<Counter, 1> jobs_accepted{counter(registry, "troupe_jobs_accepted_total", "Jobs that were accepted."),
                                   {"workflow"}};
  Series<Counter, 1> rate_limited{
      counter(registry, "troupe_rate_limited_total", "Jobs and retries refused by a limit."), {"scope"}};
  Series<Counter, 2> jobs_ended{counter(registry, "troupe_jobs_ended_total", "Runs that ended, by how."),
                                {"workflow", "status"}};
  Histogram& job_seconds =
      histogram(registry, "troupe_job_duration_seconds", "Time from acceptance to the end of a run.")
          .Add({}, kWorkSeconds);
  Series<Counter, 2> steps_ended{counter(registry, "troupe_steps_ended_total", "Steps that ended, by how."),
                                 {"type", "status"}};
  Series<Histogram, 1> step_seconds{
      histogram(registry, "troupe_step_duration_seconds", "Time from a step's start to its end."),
      {"type"},
      kWorkSeconds};
  Gauge& runs_live = gauge(registry, "troupe_runs_live", "Runs held in memory.").Add({});
  Gauge& runs_held =
      gauge(registry, "troupe_concurrency_held", "Runs that wait for their workflow's concurrency limit.").Add({});
  Gauge& slots_used =
      gauge(registry, "troupe_concurrency_used", "Runs under way of workflows with a concurrency limit.").Add({});

  Counter& commits = counter(registry, "troupe_commits_total", "Transactions committed.").Add({});
  Histogram& commit_seconds =
      histogram(registry, "troupe_commit_seconds", "Time of one transaction.").Add({}, kCommitSeconds);
  Histogram& commit_changes =
      histogram(registry, "troupe_commit_changes", "Changes in one transaction.").Add({}, kCommitChanges);
  Series<Gauge, 1> queue_depth{gauge(registry, "troupe_queue_depth", "What waits in a queue."), {"queue"}};

  Series<Gauge, 2> kill_switches{gauge(registry, "troupe_kill_switches", "Kill switches that are engaged."),
                                 {"scope", "mode"}};
  Series<Counter, 1> schedule_times{
      counter(registry, "troupe_schedule_times_total", "Times of schedules that came, by what was done."), {"outcome"}};
  Histogram& schedule_lateness = histogram(registry, "troupe_schedule_lateness_seconds",
                                           "Time from when a schedule's job was due to its beginning.")
                                     .Add({}, kWorkSeconds);
  Series<Gauge, 1> worker_up{gauge(registry, "troupe_worker_up", "1 while the worker is there."), {"worker"}};
  Series<Counter, 1> actor_restarts{counter(registry, "troupe_actor_restarts_total", "Actors that were started again."),
                                    {"actor"}};

  Series<Counter, 3> requests{counter(registry, "troupe_http_requests_total", "Requests answered."),
                              {"route", "method", "status"}};
  Series<Histogram, 1> request_seconds{
      histogram(registry, "troupe_http_request_seconds", "Time from a request's last byte to its answer."),
      {"route"},
      kRequestSeconds};
  Gauge& connections = gauge(registry, "troupe_connections", "Open HTTP connections.").Add({});
};

PrometheusMetrics::PrometheusMetrics() : families_(std::make_unique<Families>()) {
  const BuildInfo& build = build_info();
  gauge(families_->registry, "troupe_build_info", "Always 1; which build this is.")
      .Add({{"version", std::string(build.version)},
            {"compiler", std::string(build.compiler)},
            {"build", std::string(build.build)}})
      .Set(1);
}

PrometheusMetrics::~PrometheusMetrics() = default;

void PrometheusMetrics::job_accepted(std::string_view workflow_key) {
  families_->jobs_accepted.with({families_->workflows.admit(workflow_key)}).Increment();
}

void PrometheusMetrics::rate_limited(std::string_view scope) { families_->rate_limited.with({scope}).Increment(); }

void PrometheusMetrics::job_ended(std::string_view workflow_key, Status status, Duration since_accepted) {
  families_->jobs_ended.with({families_->workflows.admit(workflow_key), status_text(status)}).Increment();
  families_->job_seconds.Observe(seconds(since_accepted));
}

void PrometheusMetrics::step_ended(StepType type, Status status, Duration since_started) {
  families_->steps_ended.with({step_type_text(type), status_text(status)}).Increment();
  families_->step_seconds.with({step_type_text(type)}).Observe(seconds(since_started));
}

void PrometheusMetrics::runs_live(std::size_t now) { families_->runs_live.Set(static_cast<double>(now)); }

void PrometheusMetrics::concurrency(std::size_t held, std::size_t under_way) {
  families_->runs_held.Set(static_cast<double>(held));
  families_->slots_used.Set(static_cast<double>(under_way));
}

void PrometheusMetrics::committed(std::size_t changes, Duration took) {
  families_->commits.Increment();
  families_->commit_seconds.Observe(seconds(took));
  families_->commit_changes.Observe(static_cast<double>(changes));
}

void PrometheusMetrics::queue_depth(std::string_view queue, std::size_t now) {
  families_->queue_depth.with({families_->queues.admit(queue)}).Set(static_cast<double>(now));
}

void PrometheusMetrics::kill_switches(std::string_view scope, std::string_view mode, std::size_t engaged) {
  families_->kill_switches.with({scope, mode}).Set(static_cast<double>(engaged));
}

void PrometheusMetrics::schedule_came(std::string_view outcome, Duration late) {
  families_->schedule_times.with({outcome}).Increment();
  if (outcome == "begun") families_->schedule_lateness.Observe(seconds(late));
}

void PrometheusMetrics::worker_up(std::string_view worker, bool up) {
  families_->worker_up.with({families_->actors.admit(worker)}).Set(up ? 1 : 0);
}

void PrometheusMetrics::actor_restarted(std::string_view kind) {
  families_->actor_restarts.with({families_->actors.admit(kind)}).Increment();
}

void PrometheusMetrics::request_answered(std::string_view route, std::string_view method, int status, Duration took) {
  const std::string code = status >= 100 && status <= 599 ? std::to_string(status) : "other";
  const std::string_view bounded = families_->routes.admit(route);
  families_->requests.with({bounded, known_method(method), code}).Increment();
  families_->request_seconds.with({bounded}).Observe(seconds(took));
}

void PrometheusMetrics::connections(std::size_t now) { families_->connections.Set(static_cast<double>(now)); }

std::string PrometheusMetrics::render() const {
  auto all = families_->registry.Collect();
  for (auto& family : collect_process_metrics()) all.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace troupe
