// The audit trail: read, and verified.
#include <utility>

#include "ingress/exchange.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

/// What the query asks for, save which job.
Result<AuditQuery> read_audit_query(Exchange& exchange) {
  auto client = exchange.client();
  if (!client) return client.error();
  Query& query = exchange.query;
  AuditQuery wanted;
  wanted.client_id = client->value_or("");
  wanted.action = query.text("action").value_or("");
  wanted.actor = query.text("actor").value_or("");
  wanted.after = query.time("after");
  wanted.before = query.time("before");
  wanted.cursor = query.cursor(CursorKind::audit).value_or("");
  wanted.limit = query.limit();
  if (query.error()) return *query.error();
  return wanted;
}

void ask_audit(const ExchangePtr& exchange, AuditQuery wanted) {
  exchange->gateway.audit(exchange->caller, std::move(wanted), [exchange](Result<AuditPage> page) {
    if (!succeeded(exchange, page)) return;
    const auto next = page->next_cursor.empty() ? "" : encode_cursor(CursorKind::audit, page->next_cursor);
    exchange->json(200, render_page(page->records, next,
                                    [](JsonWriter& json, const std::string& record) { json.element_raw(record); }));
  });
}

/// Calls `next` with the job that `ref` names, if the caller may see it.
template <class Next>
void with_job(const ExchangePtr& exchange, const Result<JobRef>& ref, Next next) {
  if (!ref) return exchange->fail(ref.error());
  exchange->gateway.job(exchange->caller, *ref, false, [exchange, next](Result<JobView> job) {
    if (succeeded(exchange, job)) next(job->row.id);
  });
}

void job_audit(const ExchangePtr& exchange) {
  auto wanted = read_audit_query(*exchange);
  if (!wanted) return exchange->fail(wanted.error());
  // The job is named by the path; within it every record counts, whoever's it is.
  if (!exchange->caller.client_id) wanted->client_id.clear();
  with_job(exchange, exchange->job_ref(), [exchange, query = *wanted](const JobId& id) {
    AuditQuery of_job = query;
    of_job.job = id;
    of_job.newest_first = false;
    ask_audit(exchange, std::move(of_job));
  });
}

void list_audit(const ExchangePtr& exchange) {
  auto wanted = read_audit_query(*exchange);
  if (!wanted) return exchange->fail(wanted.error());
  const auto job = exchange->query.text("job");
  if (!job) return ask_audit(exchange, std::move(*wanted));
  const auto client = exchange->client();
  with_job(exchange, parse_job_ref(*job, *client), [exchange, query = *wanted](const JobId& id) {
    AuditQuery of_job = query;
    of_job.job = id;
    ask_audit(exchange, std::move(of_job));
  });
}

void ask_verdict(const ExchangePtr& exchange, std::optional<JobId> job) {
  exchange->gateway.verify_audit(exchange->caller, job, [exchange](Result<AuditVerdict> verdict) {
    if (!succeeded(exchange, verdict)) return;
    JsonWriter json;
    json.begin_object().flag("whole", verdict->whole);
    json.number("chains", verdict->chains).number("records", verdict->records);
    if (verdict->whole) {
      json.null("fault");
    } else {
      json.begin_object("fault").text("chain", verdict->chain).number("seq", verdict->seq);
      json.text("message", verdict->fault).end_object();
    }
    json.end_object();
    exchange->json(200, json.take());
  });
}

void verify_audit(const ExchangePtr& exchange) {
  const auto client = exchange->client();
  if (!client) return exchange->fail(client.error());
  if (const auto job = exchange->query.text("job"))
    return with_job(exchange, parse_job_ref(*job, *client), [exchange](const JobId& id) { ask_verdict(exchange, id); });
  if (exchange->caller.client_id)
    return exchange->fail(ErrorCode::forbidden,
                          "A credential of one client verifies its own jobs only; name one with ?job=.");
  ask_verdict(exchange, std::nullopt);
}

constexpr Parameter kAction = {"action", kTextSchema, "Only records of this action, for example `job.accepted`."};
constexpr Parameter kActor = {"actor", kTextSchema, "Only what this credential, worker or node did."};
constexpr Parameter kAfter = {"after", kTimeSchema, "Only records after this time."};
constexpr Parameter kBefore = {"before", kTimeSchema, "Only records before this time."};
constexpr Parameter kJob = {"job", kTextSchema, "Only this job: its UUID or its `job_id`."};

}  // namespace

std::vector<Route> audit_routes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/jobs/{id}/audit",
                    .id = "getJobAudit",
                    .tag = "Audit",
                    .summary = "The audit trail of one job",
                    .description = "In the order of its chain: oldest first.",
                    .role = Role::viewer,
                    .handle = job_audit,
                    .query = {kClientParameter, kAction, kActor, kAfter, kBefore, kLimitParameter, kCursorParameter},
                    .answers = {{200, "One page.", "AuditPage"}},
                    .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back(
      {.method = "GET",
       .path = "/v1/audit",
       .id = "listAudit",
       .tag = "Audit",
       .summary = "The audit trail of everything",
       .description = "Newest first.",
       .role = Role::viewer,
       .handle = list_audit,
       .query = {kJob, kClientParameter, kAction, kActor, kAfter, kBefore, kLimitParameter, kCursorParameter},
       .answers = {{200, "One page.", "AuditPage"}},
       .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back({.method = "GET",
                    .path = "/v1/audit/verify",
                    .id = "verifyAudit",
                    .tag = "Audit",
                    .summary = "Recompute the hash chains",
                    .description =
                        "Answers 200 whether they hold or not; `whole` tells, and `fault` names the first bad "
                        "record.",
                    .role = Role::viewer,
                    .handle = verify_audit,
                    .query = {kJob, kClientParameter},
                    .answers = {{200, "The verdict.", "AuditVerdict"}},
                    .errors = {ErrorCode::ambiguous_job_id}});
  return routes;
}

}  // namespace troupe::ingress
