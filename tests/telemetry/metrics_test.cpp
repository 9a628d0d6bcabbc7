// The metric set is a contract: names, labels, bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "telemetry/prometheus_metrics.hpp"

namespace troupe {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::size_t count_lines(const std::string& text, const std::string& prefix) {
  std::istringstream stream(text);
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line);) count += line.starts_with(prefix);
  return count;
}

TEST(Metrics, TellsWhatHappenedInPrometheusText) {
  PrometheusMetrics metrics;
  metrics.job_accepted("poster");
  metrics.job_accepted("poster");
  metrics.rate_limited("key");
  metrics.job_ended("poster", Status::failed, 1500ms);
  metrics.step_ended(StepType::http, Status::success, 30ms);
  metrics.runs_live(7);
  metrics.concurrency(4, 2);
  metrics.committed(12, 3ms);
  metrics.queue_depth("persistence", 5);
  metrics.kill_switches("workflow", "pause", 2);
  metrics.schedule_came("begun", 40ms);
  metrics.schedule_came("missed", 10min);
  metrics.request_answered("/v1/jobs/{id}", "GET", 200, 2ms);
  metrics.connections(3);
  metrics.worker_up("exec", false);
  metrics.worker_up("http", true);
  metrics.actor_restarted("worker:exec");

  const std::string text = metrics.render();
  for (const char* line : {
           "# TYPE troupe_jobs_accepted_total counter\n",
           "troupe_jobs_accepted_total{workflow=\"poster\"} 2\n",
           "troupe_rate_limited_total{scope=\"key\"} 1\n",
           "troupe_jobs_ended_total{status=\"failed\",workflow=\"poster\"} 1\n",
           "# TYPE troupe_job_duration_seconds histogram\n",
           "troupe_job_duration_seconds_bucket{le=\"1\"} 0\n",
           "troupe_job_duration_seconds_bucket{le=\"5\"} 1\n",
           "troupe_job_duration_seconds_sum 1.5\n",
           "troupe_steps_ended_total{status=\"success\",type=\"http\"} 1\n",
           "troupe_step_duration_seconds_count{type=\"http\"} 1\n",
           "troupe_runs_live 7\n",
           "troupe_concurrency_held 4\n",
           "troupe_concurrency_used 2\n",
           "troupe_commits_total 1\n",
           "troupe_commit_seconds_count 1\n",
           "troupe_commit_changes_bucket{le=\"25\"} 1\n",
           "troupe_queue_depth{queue=\"persistence\"} 5\n",
           "troupe_kill_switches{mode=\"pause\",scope=\"workflow\"} 2\n",
           "troupe_schedule_times_total{outcome=\"missed\"} 1\n",
           "troupe_schedule_lateness_seconds_count 1\n",
           "troupe_schedule_lateness_seconds_bucket{le=\"0.05\"} 1\n",
           "troupe_http_requests_total{method=\"GET\",route=\"/v1/jobs/{id}\",status=\"200\"} 1\n",
           "troupe_http_request_seconds_bucket{route=\"/v1/jobs/{id}\",le=\"0.0025\"} 1\n",
           "troupe_connections 3\n",
           "troupe_worker_up{worker=\"exec\"} 0\n",
           "troupe_worker_up{worker=\"http\"} 1\n",
           "troupe_actor_restarts_total{actor=\"worker:exec\"} 1\n",
           "troupe_build_info{",
       })
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(Metrics, TellsOfTheProcess) {
  const std::string text = PrometheusMetrics().render();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
                           "process_threads", "process_open_fds", "process_max_fds", "process_start_time_seconds"})
    EXPECT_EQ(count_lines(text, std::string(name) + " "), 1U) << name;
}

TEST(Metrics, StartTimeIsWithinTheLastHourOfThisTest) {
  const std::string text = PrometheusMetrics().render();
  const std::size_t at = text.find("\nprocess_start_time_seconds ");
  ASSERT_NE(at, std::string::npos);
  const double start = std::stod(text.substr(at + std::string_view("\nprocess_start_time_seconds ").size()));
  const double now = static_cast<double>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  EXPECT_NEAR(start, now, 3600);
}

TEST(Metrics, CountsWorkflowsBeyondTheBoundAsOther) {
  PrometheusMetrics metrics;
  for (int i = 0; i < 250; ++i) metrics.job_accepted("workflow-" + std::to_string(i));
  metrics.job_accepted("workflow-3");
  const std::string text = metrics.render();
  EXPECT_EQ(count_lines(text, "troupe_jobs_accepted_total{"), 201U);
  EXPECT_THAT(text, HasSubstr("troupe_jobs_accepted_total{workflow=\"other\"} 50\n"));
  EXPECT_THAT(text, HasSubstr("troupe_jobs_accepted_total{workflow=\"workflow-3\"} 2\n"));
}

TEST(Metrics, BoundsWhatARequestCanName) {
  PrometheusMetrics metrics;
  for (int i = 0; i < 500; ++i)
    metrics.request_answered("/r" + std::to_string(i), "M" + std::to_string(i), 600 + i, 1ms);
  EXPECT_LE(count_lines(metrics.render(), "troupe_http_requests_total{"), 101U);
}

TEST(Metrics, LosesNothingBetweenThreads) {
  PrometheusMetrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) metrics.request_answered("/healthz", "GET", 200, 1ms);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.render(),
              HasSubstr("troupe_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 4000\n"));
}

}  // namespace
}  // namespace troupe
