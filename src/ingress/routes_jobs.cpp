// Jobs: taken, looked at, cancelled, retried.
#include <utility>

#include "crypto/hash.hpp"
#include "ingress/exchange.hpp"
#include "ingress/fields.hpp"
#include "ingress/job_batch.hpp"
#include "ingress/job_body.hpp"
#include "ingress/parameters.hpp"
#include "ingress/rate_limit_headers.hpp"
#include "ingress/render.hpp"
#include "ingress/request_headers.hpp"

namespace troupe::ingress {
namespace {

/// Answers with the job as it is when it has ended or the wait is over: the whole job if it has ended, else
/// `otherwise`.
void answer_after(const ExchangePtr& exchange, JobRef job, Millis wait, std::function<void()> otherwise,
                  const RateLimitStates& limits = {}) {
  exchange->gateway.wait(exchange->caller, job, wait, [=](Result<JobView> waited) {
    if (!succeeded(exchange, waited)) return;
    if (otherwise && !has_ended(waited->newest.status)) return otherwise();
    JobRef found;
    found.id = waited->row.id;
    exchange->gateway.job(exchange->caller, found, true, [=](Result<JobView> view) {
      if (!succeeded(exchange, view)) return;
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait).count();
      Headers headers{{"Preference-Applied", "wait=" + std::to_string(seconds)}};
      add_rate_limits(headers, limits);
      exchange->json(200, render_job(*view, exchange->options.public_url, exchange->clock.now()), std::move(headers));
    });
  });
}

void answer_accepted(const ExchangePtr& exchange, const AcceptedJob& job, const RateLimitStates& limits) {
  if (job.kept) return exchange->replay(*job.kept);
  Headers headers{{"Location", exchange->link("/v1/jobs/" + to_string(job.id))}};
  add_rate_limits(headers, limits);
  const int status = job.repeated ? 200 : 202;
  std::string body = render_accepted(job, exchange->options.public_url);
  const auto wait = preferred_wait(exchange->request);
  if (!wait) return exchange->json(status, std::move(body), std::move(headers));

  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*wait).count();
  headers.emplace_back("Preference-Applied", "wait=" + std::to_string(seconds));
  JobRef ref;
  ref.id = job.id;
  answer_after(
      exchange, ref, *wait, [=] { exchange->json(status, body, headers); }, limits);
}

void post_job(const ExchangePtr& exchange) {
  auto job = read_job(exchange->body, exchange->caller);
  if (!job) return exchange->fail(job.error());
  if (!job->job_id.empty() || exchange->request.header("idempotency-key")) {
    const std::string canonical = canonical_job(std::move(exchange->body));
    job->request = sha256(canonical);
    auto key = exchange->idempotency(job->client_id, canonical);
    if (!key) return exchange->fail(key.error());
    job->idempotency = std::move(*key);
  }
  exchange->body = nullptr;
  const auto limits = std::make_shared<RateLimitStates>();
  job->limits = limits;

  std::vector<SubmitJob> jobs;
  jobs.push_back(std::move(*job));
  exchange->gateway.submit(
      exchange->caller, std::move(jobs),
      [base = exchange->options.public_url](const AcceptedJob& accepted) {
        return KeptAnswer{202, render_accepted(accepted, base)};
      },
      [exchange, limits](std::vector<Result<AcceptedJob>> results) {
        if (!results.at(0)) return fail_with_limits(exchange, results[0].error(), *limits);
        answer_accepted(exchange, *results[0], *limits);
      });
}

void post_jobs(const ExchangePtr& exchange) {
  if (exchange->request.header("idempotency-key"))
    return exchange->fail(ErrorCode::not_supported, "A batch has no Idempotency-Key; give each job a job_id.");
  const auto type = media_type(exchange->request);
  const bool lines = type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl";
  if (!lines && type != "application/json")
    return exchange->fail(ErrorCode::unsupported_media_type, "Send application/json or application/x-ndjson in UTF-8.");
  auto batch = JobBatch::begin(exchange, lines ? ItemCutter::Form::lines : ItemCutter::Form::array);
  if (!batch) return exchange->fail(ErrorCode::overloaded, "As many batches as may be are under way.");
  exchange->responder->read_body(std::move(batch));
}

void list_jobs(const ExchangePtr& exchange) {
  auto client = exchange->client();
  if (!client) return exchange->fail(client.error());
  Query& query = exchange->query;
  JobQuery wanted;
  wanted.client_id = std::move(*client);
  wanted.status = query.status("status");
  wanted.workflow_key = query.text("workflow_key");
  wanted.user_id = query.text("user_id");
  wanted.created_after = query.time("created_after");
  wanted.created_before = query.time("created_before");
  wanted.text = query.text("q").value_or("");
  wanted.before = id_cursor<JobId>(query, CursorKind::job);
  const int limit = query.limit();
  if (query.error()) return exchange->fail(*query.error());
  wanted.limit = limit + 1;  // one more tells whether there is a next page
  exchange->gateway.jobs(exchange->caller, std::move(wanted), [=](Result<std::vector<JobView>> jobs) {
    if (!succeeded(exchange, jobs)) return;
    const auto next =
        cut_page(*jobs, limit, [](const JobView& job) { return encode_cursor(CursorKind::job, id_bytes(job.row.id)); });
    exchange->json(200, render_page(*jobs, next, [&](JsonWriter& json, const JobView& job) {
                     write_job_summary(json, job, exchange->options.public_url);
                   }));
  });
}

void get_job(const ExchangePtr& exchange) {
  auto ref = exchange->job_ref();
  if (!ref) return exchange->fail(ref.error());
  if (const auto wait = preferred_wait(exchange->request)) return answer_after(exchange, *ref, *wait, nullptr);
  exchange->gateway.job(exchange->caller, *ref, true, [exchange](Result<JobView> job) {
    if (succeeded(exchange, job))
      exchange->json(200, render_job(*job, exchange->options.public_url, exchange->clock.now()));
  });
}

void get_job_status(const ExchangePtr& exchange) {
  auto ref = exchange->job_ref();
  if (!ref) return exchange->fail(ref.error());
  exchange->gateway.job(exchange->caller, *ref, false, [exchange](Result<JobView> job) {
    if (succeeded(exchange, job)) exchange->json(200, render_job_status(*job));
  });
}

/// Who a key belongs to on the routes that change a job.
std::string key_owner(const JobRef& job) { return job.client_id.value_or("default"); }

constexpr std::string_view kCancelTaken = "The job is being cancelled.";
constexpr std::string_view kRetryTaken = "A new run of the job is accepted and stored.";

RenderChange keep_change(const ExchangePtr& exchange, std::string_view message) {
  return [base = exchange->options.public_url, message](const JobChange& change) {
    return KeptAnswer{202, render_change(change, message, base)};
  };
}

Reply<JobChange> answer_change(const ExchangePtr& exchange, std::string_view message,
                               const std::shared_ptr<RateLimitStates>& limits = std::make_shared<RateLimitStates>()) {
  return [exchange, message, limits](Result<JobChange> change) {
    if (!change) return fail_with_limits(exchange, change.error(), *limits);
    if (change->kept) return exchange->replay(*change->kept);
    Headers headers{{"Location", exchange->link("/v1/jobs/" + to_string(change->id))}};
    add_rate_limits(headers, *limits);
    exchange->json(202, render_change(*change, message, exchange->options.public_url), std::move(headers));
  };
}

void cancel_job(const ExchangePtr& exchange) {
  auto ref = exchange->job_ref();
  if (!ref) return exchange->fail(ref.error());
  CancelJob command;
  command.job = *ref;
  if (!exchange->body.is_null()) {
    Fields fields(exchange->body);
    command.reason = fields.text("reason", kReasonBytes).value_or("");
    fields.reject_others();
    if (const auto error = fields.error()) return exchange->fail(*error);
  }
  auto key = exchange->idempotency(key_owner(*ref), exchange->payload());
  if (!key) return exchange->fail(key.error());
  command.idempotency = *key;
  exchange->gateway.cancel(exchange->caller, std::move(command), keep_change(exchange, kCancelTaken),
                           answer_change(exchange, kCancelTaken));
}

void retry_job(const ExchangePtr& exchange) {
  auto ref = exchange->job_ref();
  if (!ref) return exchange->fail(ref.error());
  RetryJob command;
  command.job = *ref;
  if (!exchange->body.is_null()) {
    Fields fields(exchange->body);
    command.from_step = fields.name("from_step", limits::kNameChars);
    if (const Json* inputs = fields.object("inputs")) command.inputs = to_document(*inputs);
    command.workflow_version =
        static_cast<std::uint32_t>(fields.integer("workflow_version", 1, kVersionMax).value_or(0));
    fields.reject_others();
    if (const auto error = fields.error()) return exchange->fail(*error);
  }
  auto key = exchange->idempotency(key_owner(*ref), exchange->payload());
  if (!key) return exchange->fail(key.error());
  command.idempotency = *key;
  const auto limits = std::make_shared<RateLimitStates>();
  command.limits = limits;
  exchange->gateway.retry(exchange->caller, std::move(command), keep_change(exchange, kRetryTaken),
                          answer_change(exchange, kRetryTaken, limits));
}

}  // namespace

std::vector<Route> job_routes() {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "POST",
       .path = "/v1/jobs",
       .id = "submitJob",
       .tag = "Jobs",
       .summary = "Submit a job",
       .description = "Answers only when the job is durable. The same `job_id` with the same body again gives 200 and "
                      "the first answer; with another body 409. With `Prefer: wait=N` the answer is held until the job "
                      "has ended (200 and the whole job) or N seconds have passed (the usual answer).",
       .role = Role::client,
       .handle = post_job,
       .headers = {kPreferHeader, kIdempotencyHeader, kTraceHeader},
       .begins_work = true,
       .body = BodyKind::json,
       .body_schema = "JobRequest",
       .answers = {{202, "Accepted and durable.", "AcceptedJob"},
                   {200, "The same job_id again: its first answer. Or, with `Prefer: wait`, the job, ended.",
                    "AcceptedJobOrJob"}},
       .errors = {ErrorCode::unknown_workflow, ErrorCode::workflow_disabled, ErrorCode::kill_switch_engaged,
                  ErrorCode::timeout_too_large, ErrorCode::not_supported, ErrorCode::job_id_conflict,
                  ErrorCode::rate_limited, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/jobs/batch",
       .id = "submitJobs",
       .tag = "Jobs",
       .summary = "Submit up to 10,000 jobs",
       .description =
           "As `{\"jobs\": […]}`, or as NDJSON, a job on each line. The jobs are taken while they arrive; the answer "
           "comes "
           "when the last of them is durable or refused, and has an item for each, in order: `status` is what POST "
           "/v1/jobs would have answered, with `job` or `error`. NDJSON is answered as NDJSON, one item on each line. "
           "Where the body as a whole is at fault, the problem document has the `items` of the jobs before the fault: "
           "they are taken. A `job_id` makes it safe to send a batch again.",
       .role = Role::client,
       .handle = post_jobs,
       .body = BodyKind::jobs,
       .body_schema = "JobBatch",
       .answers = {{200, "Every job has its answer.", "JobBatchAnswer"}},
       .errors = {ErrorCode::not_supported, ErrorCode::request_timeout, ErrorCode::malformed_request}});
  routes.push_back({.method = "GET",
                    .path = "/v1/jobs",
                    .id = "listJobs",
                    .tag = "Jobs",
                    .summary = "List jobs, newest first",
                    .description = "Without inputs, outputs and steps.",
                    .role = Role::viewer,
                    .handle = list_jobs,
                    .query = {kStatusParameter,
                              kClientParameter,
                              kWorkflowParameter,
                              {"user_id", kTextSchema, "Only jobs whose metadata.user_id is this."},
                              {"created_after", kTimeSchema, "Only jobs accepted after this time."},
                              {"created_before", kTimeSchema, "Only jobs accepted before this time."},
                              {"q", kTextSchema, "Only jobs with this text in job_id or workflow_key, in any case."},
                              kLimitParameter,
                              kCursorParameter},
                    .answers = {{200, "One page.", "JobPage"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/jobs/{id}",
                    .id = "getJob",
                    .tag = "Jobs",
                    .summary = "Everything about one job",
                    .description =
                        "With `Prefer: wait=N` the answer is held until the newest run has ended or N seconds "
                        "have passed.",
                    .role = Role::viewer,
                    .handle = get_job,
                    .query = {kClientParameter},
                    .headers = {kPreferHeader},
                    .answers = {{200, "The job.", "Job"}},
                    .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back({.method = "GET",
                    .path = "/v1/jobs/{id}/status",
                    .id = "getJobStatus",
                    .tag = "Jobs",
                    .summary = "How far a job is",
                    .description = "The cheap way to poll.",
                    .role = Role::viewer,
                    .handle = get_job_status,
                    .query = {kClientParameter},
                    .answers = {{200, "The status of the newest run.", "JobStatus"}},
                    .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back({.method = "POST",
                    .path = "/v1/jobs/{id}/cancel",
                    .id = "cancelJob",
                    .tag = "Jobs",
                    .summary = "Cancel a job",
                    .description = "Running work is stopped, not abandoned.",
                    .role = Role::client,
                    .handle = cancel_job,
                    .query = {kClientParameter},
                    .headers = {kIdempotencyHeader},
                    .body = BodyKind::optional_json,
                    .body_schema = "CancelRequest",
                    .answers = {{202, "The cancellation is durable; the job ends soon.", "JobChange"}},
                    .errors = {ErrorCode::ambiguous_job_id, ErrorCode::job_finished, ErrorCode::idempotency_key_reused,
                               ErrorCode::idempotency_key_in_flight}});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/jobs/{id}/retry",
       .id = "retryJob",
       .tag = "Jobs",
       .summary = "Run an ended job again",
       .description = "A new run with a new `execution_id`. With `from_step` the results of the steps that do "
                      "not depend on it are reused.",
       .role = Role::client,
       .handle = retry_job,
       .query = {kClientParameter},
       .headers = {kIdempotencyHeader},
       .begins_work = true,
       .body = BodyKind::optional_json,
       .body_schema = "RetryRequest",
       .answers = {{202, "The new run is durable.", "JobChange"}},
       .errors = {ErrorCode::ambiguous_job_id, ErrorCode::job_not_finished, ErrorCode::conflict,
                  ErrorCode::unknown_workflow, ErrorCode::workflow_disabled, ErrorCode::kill_switch_engaged,
                  ErrorCode::rate_limited, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  return routes;
}

}  // namespace troupe::ingress
