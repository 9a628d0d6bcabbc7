// Views with every field filled, as the core would give them.
#pragma once

#include "crypto/hash.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

inline JobId sample_job_id() { return *parse_id<JobId>("019aa3f2-5c1b-7000-8a2f-3b1f64aa9001"); }
inline Timestamp sample_time(int seconds = 0) {
  return *parse_rfc3339("2026-11-21T01:02:03.456Z") + std::chrono::seconds(seconds);
}

inline AssetRow sample_asset() {
  AssetRow asset;
  asset.id = *parse_id<AssetId>("019aa3f2-6000-7000-8a2f-3b1f64aa9001");
  asset.job = sample_job_id();
  asset.run = sample_job_id().as<RunId>();
  asset.step = "render";
  asset.name = "poster 1.png";
  asset.media_type = "image/png";
  asset.bytes = 10;
  asset.sha256 = sha256("0123456789");
  asset.width = 64;
  asset.height = 32;
  asset.created_at = sample_time(2);
  return asset;
}

inline RunView sample_run(Status status = Status::success) {
  RunView run;
  run.id = sample_job_id().as<RunId>();
  run.job = sample_job_id();
  run.client_job_id = "order-1";
  run.client_id = "shop";
  run.workflow_key = "poster";
  run.workflow_version = 2;
  run.status = status;
  run.progress = has_ended(status) ? 1 : 0.5;
  run.message = "all steps done";
  run.created_at = run.updated_at = sample_time();
  run.started_at = sample_time(1);
  if (has_ended(status)) run.ended_at = run.updated_at = sample_time(5);
  run.retry = RetryView{sample_job_id().as<RunId>(), "render", "ada"};
  run.outputs = Document(R"({"count":4})");
  StepView step;
  step.name = "render";
  step.type = StepType::generate;
  step.status = status;
  step.items = step.items_done = 1;
  step.started_at = sample_time(1);
  step.outputs = Document(R"({"assets":[]})");
  AttemptView attempt;
  attempt.status = Status::failed;
  attempt.worker = "node-1/0";
  attempt.started_at = sample_time(1);
  attempt.ended_at = sample_time(2);
  attempt.error = Document(R"({"code":"step_timeout","message":"too slow","retryable":true})");
  attempt.log_bytes = 12;
  step.attempts.push_back(attempt);
  run.steps.push_back(step);
  AssetRow text = sample_asset();
  text.media_type = "text/html";
  text.name = "größe.html";
  text.width = text.height = 0;
  run.assets = {sample_asset(), text};
  return run;
}

inline JobView sample_job(Status status = Status::success) {
  JobView job;
  job.row.id = sample_job_id();
  job.row.client_id = "shop";
  job.row.job_id = "order-1";
  job.row.workflow_key = "poster";
  job.row.workflow_version = 2;
  job.row.user_id = "ada";
  job.row.created_at = sample_time();
  job.row.spec = Document(R"({"inputs":{"n":1},"metadata":{"user_id":"ada"},"timeout_seconds":300})");
  job.row.status = status;
  job.row.last_seq = 3;
  job.row.run = sample_job_id().as<RunId>();
  job.newest = sample_run(status);
  job.newest.inputs = Document(R"({"n":2})");  // a retry has changed them
  job.runs = {job.newest};
  return job;
}

inline AcceptedJob sample_accepted() {
  AcceptedJob accepted;
  accepted.id = sample_job_id();
  accepted.job_id = "order-1";
  accepted.run = sample_job_id().as<RunId>();
  accepted.accepted_at = sample_time();
  accepted.estimated_completion = sample_time(60);
  return accepted;
}

inline ScheduleView sample_schedule() {
  ScheduleView view;
  view.schedule.id = "nightly";
  view.schedule.client_id = "shop";
  view.schedule.workflow_key = "poster";
  view.schedule.cron = "30 2 * * *";
  view.schedule.time_zone = "Europe/Berlin";
  view.schedule.inputs = Document(R"({"n":1})");
  view.schedule.timeout = Millis(1'500);
  view.schedule.created_at = sample_time();
  view.schedule.created_by = "ops";
  view.schedule.updated_at = sample_time();
  view.schedule.next_at = sample_time(60);
  view.schedule.last_at = sample_time(-60);
  view.schedule.last_job = sample_job_id();
  view.schedule.last_fault = ScheduleFault{"workflow_disabled", "it is", sample_time()};
  view.next_times = {sample_time(60), sample_time(120)};
  return view;
}

inline KillSwitch sample_kill_switch() {
  KillSwitch made;
  made.id = *parse_id<KillSwitchId>("019aa3f2-7000-7000-8a2f-3b1f64aa9001");
  made.scope = SwitchScope::workflow;
  made.target = "poster";
  made.reason = "the \"renderer\" makes nonsense";
  made.engaged_by = "ops";
  made.engaged_at = sample_time();
  return made;
}

inline WorkflowView sample_workflow() {
  WorkflowView workflow;
  workflow.row.key = "poster";
  workflow.row.version = 2;
  workflow.row.definition = R"({"key":"poster","name":"Poster","steps":[{"name":"a","type":"noop"}]})";
  workflow.row.created_at = sample_time();
  workflow.row.created_by = "ops";
  workflow.newest_version = 3;
  return workflow;
}

}  // namespace troupe::ingress
