// Runs, and what their steps wrote.
#include <algorithm>
#include <utility>

#include "ingress/exchange.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"
#include "ingress/run_log.hpp"

namespace troupe::ingress {
namespace {

void ask_runs(const ExchangePtr& exchange, RunQuery wanted) {
  const int limit = wanted.limit;
  wanted.limit = limit + 1;  // one more tells whether there is a next page
  exchange->gateway.runs(exchange->caller, std::move(wanted), [=](Result<std::vector<RunView>> runs) {
    if (!succeeded(exchange, runs)) return;
    const auto next =
        cut_page(*runs, limit, [](const RunView& run) { return encode_cursor(CursorKind::run, id_bytes(run.id)); });
    exchange->json(200, render_page(*runs, next, [&](JsonWriter& json, const RunView& run) {
                     write_run_summary(json, run, exchange->options.public_url);
                   }));
  });
}

void list_runs(const ExchangePtr& exchange) {
  auto client = exchange->client();
  if (!client) return exchange->fail(client.error());
  Query& query = exchange->query;
  RunQuery wanted;
  wanted.client_id = *client;
  wanted.status = query.status("status");
  wanted.workflow_key = query.text("workflow_key");
  wanted.before = id_cursor<RunId>(query, CursorKind::run);
  wanted.limit = query.limit();
  if (query.error()) return exchange->fail(*query.error());
  const auto job = query.text("job_id");
  if (!job) return ask_runs(exchange, std::move(wanted));

  auto ref = parse_job_ref(*job, std::move(*client));
  if (!ref) return exchange->fail(ref.error());
  exchange->gateway.job(exchange->caller, *ref, false, [=](Result<JobView> view) mutable {
    if (!succeeded(exchange, view)) return;
    wanted.job = view->row.id;
    ask_runs(exchange, std::move(wanted));
  });
}

void get_run(const ExchangePtr& exchange) {
  const auto id = exchange->id<RunId>();
  if (!id) return exchange->fail(id.error());
  exchange->gateway.run(exchange->caller, *id, [exchange](Result<RunView> run) {
    if (succeeded(exchange, run)) exchange->json(200, render_run(*run, exchange->options.public_url));
  });
}

void send_log(const ExchangePtr& exchange, const RunId& run, const std::string& step) {
  exchange->gateway.run_logs(exchange->caller, run, [=](Result<std::vector<LogPiece>> pieces) {
    if (!succeeded(exchange, pieces)) return;
    if (!step.empty()) std::erase_if(*pieces, [&](const LogPiece& piece) { return piece.step != step; });
    open_log(exchange, std::move(*pieces), [=](Result<std::shared_ptr<BlobSource>> text) {
      if (!succeeded(exchange, text)) return;
      Response response;
      response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                          {"Cache-Control", "no-store"},
                          {"X-Content-Type-Options", "nosniff"}};
      response.content = Response::Content{*text, 0, (*text)->size()};
      exchange->respond(std::move(response));
    });
  });
}

void get_run_logs(const ExchangePtr& exchange) {
  const auto id = exchange->id<RunId>();
  if (!id) return exchange->fail(id.error());
  const bool follow = exchange->query.flag("follow") && exchange->request.method != "HEAD";
  const std::string step = exchange->query.text("step").value_or("");
  if (exchange->query.error()) return exchange->fail(*exchange->query.error());
  exchange->gateway.run(exchange->caller, *id, [=](Result<RunView> run) {
    if (!succeeded(exchange, run)) return;
    const auto is_asked = [&](const StepView& one) { return one.name == step; };
    if (!step.empty() && std::ranges::none_of(run->steps, is_asked))
      return exchange->fail(Error{ErrorCode::not_found, "the run has no step \"" + step + "\"", false, {}});
    if (follow && !has_ended(run->status))
      follow_log(exchange, *run, step);
    else
      send_log(exchange, run->id, step);
  });
}

}  // namespace

std::vector<Route> run_routes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/runs",
                    .id = "listRuns",
                    .tag = "Runs",
                    .summary = "List runs, newest first",
                    .description = "Without outputs, steps and assets.",
                    .role = Role::viewer,
                    .handle = list_runs,
                    .query = {kStatusParameter,
                              kClientParameter,
                              kWorkflowParameter,
                              {"job_id", kTextSchema, "Only the runs of this job: its UUID or its `job_id`."},
                              kLimitParameter,
                              kCursorParameter},
                    .answers = {{200, "One page.", "RunPage"}},
                    .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back({.method = "GET",
                    .path = "/v1/runs/{id}",
                    .id = "getRun",
                    .tag = "Runs",
                    .summary = "One run",
                    .description = "With its steps, their attempts and results, images and assets.",
                    .role = Role::viewer,
                    .handle = get_run,
                    .answers = {{200, "The run.", "Run"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/runs/{id}/logs",
                    .id = "getRunLogs",
                    .tag = "Runs",
                    .summary = "What its steps wrote",
                    .description =
                        "Text, by step and attempt, each under a line `==> STEP, attempt N <==`. With `follow=1` "
                        "the text goes on with what is written from now on, until the run ends. At most 500 "
                        "attempts are shown at once; `step` narrows them, and is 404 if the run has none of that name.",
                    .role = Role::viewer,
                    .handle = get_run_logs,
                    .query = {{"follow", kFlagSchema, "Go on until the run ends."},
                              {"step", kTextSchema, "Only what this step wrote."}},
                    .answers = {{200, "The text.", "", "text/plain"}}});
  return routes;
}

}  // namespace troupe::ingress
