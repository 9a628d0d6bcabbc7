// Workflow definitions, and the short way to start one.
#include <utility>

#include "crypto/hash.hpp"
#include "ingress/exchange.hpp"
#include "ingress/job_body.hpp"
#include "ingress/parameters.hpp"
#include "ingress/rate_limit_headers.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

std::string version_path(const AppliedWorkflow& workflow) {
  return "/v1/workflows/" + workflow.key + "/versions/" + std::to_string(workflow.version);
}

void apply_workflow(const ExchangePtr& exchange) {
  auto key = exchange->idempotency(exchange->caller.client_id.value_or("default"), exchange->request.body);
  if (!key) return exchange->fail(key.error());
  exchange->gateway.apply_workflow(
      exchange->caller, std::move(exchange->request.body), std::move(*key),
      [](const AppliedWorkflow& applied) {
        return KeptAnswer{applied.created ? 201 : 200, render_applied(applied)};
      },
      [exchange](Result<AppliedWorkflow> applied) {
        if (!succeeded(exchange, applied)) return;
        if (applied->kept) return exchange->replay(*applied->kept);
        exchange->json(applied->created ? 201 : 200, render_applied(*applied),
                       {{"Location", exchange->link(version_path(*applied))}});
      });
}

void validate_workflow(const ExchangePtr& exchange) {
  exchange->gateway.validate_workflow(std::move(exchange->request.body), [exchange](Result<AppliedWorkflow> valid) {
    if (!succeeded(exchange, valid)) return;
    JsonWriter json;
    json.begin_object().flag("valid", true).text("key", valid->key).end_object();
    exchange->json(200, json.take());
  });
}

void list_workflows(const ExchangePtr& exchange) {
  auto after = exchange->query.cursor(CursorKind::workflow);
  const int limit = exchange->query.limit();
  if (exchange->query.error()) return exchange->fail(*exchange->query.error());
  exchange->gateway.workflows(std::move(after), limit + 1, [=](Result<std::vector<WorkflowView>> workflows) {
    if (!succeeded(exchange, workflows)) return;
    const auto next = cut_page(*workflows, limit, [](const WorkflowView& workflow) {
      return encode_cursor(CursorKind::workflow, workflow.row.key);
    });
    exchange->json(200, render_page(*workflows, next, write_workflow_summary));
  });
}

Reply<WorkflowView> answer_workflow(const ExchangePtr& exchange) {
  return [exchange](Result<WorkflowView> workflow) {
    if (succeeded(exchange, workflow)) exchange->json(200, render_workflow(*workflow));
  };
}

void get_workflow(const ExchangePtr& exchange) {
  exchange->gateway.workflow(exchange->path[0], 0, answer_workflow(exchange));
}

void get_workflow_version(const ExchangePtr& exchange) {
  std::uint64_t version = 0;
  for (char c : exchange->path[1]) {
    if (c < '0' || c > '9' || version > kVersionMax)
      return exchange->fail(ErrorCode::invalid_id, "The version in the path is not a whole number from 1.");
    version = version * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (version == 0 || version > kVersionMax)
    return exchange->fail(ErrorCode::invalid_id, "The version in the path is not a whole number from 1.");
  exchange->gateway.workflow(exchange->path[0], static_cast<std::uint32_t>(version), answer_workflow(exchange));
}

void set_disabled(const ExchangePtr& exchange, bool disabled) {
  exchange->gateway.set_workflow_disabled(exchange->caller, exchange->path[0], disabled, answer_workflow(exchange));
}

void disable_workflow(const ExchangePtr& exchange) { set_disabled(exchange, true); }
void enable_workflow(const ExchangePtr& exchange) { set_disabled(exchange, false); }

std::string render_triggered(const AcceptedJob& job) {
  JsonWriter json;
  json.begin_object().text("run_id", to_string(job.run)).text("job_id", shown_job_id(job.id, job.job_id));
  json.text("status", "triggered").end_object();
  return json.take();
}

/// The faults of `inputs` as faults of the `payload` that they were sent in.
Error in_words_of_trigger(Error error) {
  const auto rename = [](std::string& pointer, std::string_view from, std::string_view to) {
    if (pointer == from || pointer.starts_with(std::string(from) + "/")) pointer.replace(0, from.size(), to);
  };
  for (Fault& fault : error.faults) {
    rename(fault.pointer, "/inputs", "/payload");
    rename(fault.pointer, "/workflow_key", "/workflow_id");
  }
  return error;
}

void trigger(const ExchangePtr& exchange) {
  auto job = read_trigger(exchange->body, exchange->caller);
  if (!job) return exchange->fail(job.error());
  const std::string canonical = canonical_json(exchange->body);
  job->request = sha256(canonical);
  auto key = exchange->idempotency(job->client_id, canonical);
  if (!key) return exchange->fail(key.error());
  job->idempotency = std::move(*key);
  const auto limits = std::make_shared<RateLimitStates>();
  job->limits = limits;
  std::vector<SubmitJob> jobs;
  jobs.push_back(std::move(*job));
  exchange->gateway.submit(
      exchange->caller, std::move(jobs),
      [](const AcceptedJob& accepted) {
        return KeptAnswer{202, render_triggered(accepted)};
      },
      [exchange, limits](std::vector<Result<AcceptedJob>> results) {
        const auto& result = results.at(0);
        if (!result) return fail_with_limits(exchange, in_words_of_trigger(result.error()), *limits);
        if (result->kept) return exchange->replay(*result->kept);
        Headers headers{{"Location", exchange->link("/v1/jobs/" + to_string(result->id))}};
        add_rate_limits(headers, *limits);
        exchange->json(202, render_triggered(*result), std::move(headers));
      });
}

}  // namespace

std::vector<Route> workflow_routes() {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "POST",
       .path = "/v1/workflows",
       .id = "applyWorkflow",
       .tag = "Workflows",
       .summary = "Create a workflow, or add a version",
       .description = "The same content as the newest version changes nothing and gives 200.",
       .role = Role::op,
       .handle = apply_workflow,
       .headers = {kIdempotencyHeader},
       .body = BodyKind::definition,
       .body_schema = "WorkflowDefinition",
       .answers = {{201, "A new version.", "AppliedWorkflow"}, {200, "It was there already.", "AppliedWorkflow"}},
       .errors = {ErrorCode::conflict, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  routes.push_back({.method = "GET",
                    .path = "/v1/workflows",
                    .id = "listWorkflows",
                    .tag = "Workflows",
                    .summary = "List workflows, by key",
                    .description = "The newest version of each, without its definition.",
                    .role = Role::viewer,
                    .handle = list_workflows,
                    .query = {kLimitParameter, kCursorParameter},
                    .answers = {{200, "One page.", "WorkflowPage"}}});
  routes.push_back({.method = "POST",
                    .path = "/v1/workflows/validate",
                    .id = "validateWorkflow",
                    .tag = "Workflows",
                    .summary = "Check a definition",
                    .description = "All faults at once, each with its place; changes nothing.",
                    .role = Role::viewer,
                    .handle = validate_workflow,
                    .body = BodyKind::definition,
                    .body_schema = "WorkflowDefinition",
                    .answers = {{200, "It could be applied.", "ValidWorkflow"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/workflows/{key}",
                    .id = "getWorkflow",
                    .tag = "Workflows",
                    .summary = "The newest version",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_workflow,
                    .answers = {{200, "The workflow.", "Workflow"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/workflows/{key}/versions/{version}",
                    .id = "getWorkflowVersion",
                    .tag = "Workflows",
                    .summary = "One version",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_workflow_version,
                    .answers = {{200, "The workflow.", "Workflow"}}});
  routes.push_back({.method = "POST",
                    .path = "/v1/workflows/{key}/disable",
                    .id = "disableWorkflow",
                    .tag = "Workflows",
                    .summary = "Take no new jobs",
                    .description = "Running jobs go on. Doing it twice changes nothing.",
                    .role = Role::op,
                    .handle = disable_workflow,
                    .answers = {{200, "The workflow.", "Workflow"}}});
  routes.push_back({.method = "POST",
                    .path = "/v1/workflows/{key}/enable",
                    .id = "enableWorkflow",
                    .tag = "Workflows",
                    .summary = "Take new jobs again",
                    .description = "Doing it twice changes nothing.",
                    .role = Role::op,
                    .handle = enable_workflow,
                    .answers = {{200, "The workflow.", "Workflow"}}});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/trigger",
       .id = "triggerWorkflow",
       .tag = "Workflows",
       .summary = "Start a workflow with a payload",
       .description = "A short form of submitting a job; the payload becomes the job's inputs.",
       .role = Role::client,
       .handle = trigger,
       .headers = {kIdempotencyHeader, kTraceHeader},
       .begins_work = true,
       .body = BodyKind::json,
       .body_schema = "TriggerRequest",
       .answers = {{202, "Accepted and durable.", "Triggered"}},
       .errors = {ErrorCode::unknown_workflow, ErrorCode::workflow_disabled, ErrorCode::kill_switch_engaged,
                  ErrorCode::rate_limited, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  return routes;
}

}  // namespace troupe::ingress
