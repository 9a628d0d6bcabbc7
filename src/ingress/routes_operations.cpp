// Is it alive, is it ready, how is it doing, what can it do.
#include <utility>

#include "ingress/docs_page.hpp"
#include "ingress/exchange.hpp"
#include "ingress/json_writer.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

void respond_text(const ExchangePtr& exchange, std::string_view type, std::string text) {
  Response response;
  response.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}};
  response.body = std::move(text);
  exchange->respond(std::move(response));
}

/// A page that carries its own style and nothing else.
void respond_page(const ExchangePtr& exchange, const std::string& html) {
  Response response;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"}};
  response.body = html;
  exchange->respond(std::move(response));
}

void get_health(const ExchangePtr& exchange) { exchange->json(200, R"({"status":"ok"})"); }

void get_readiness(const ExchangePtr& exchange) {
  const Readiness readiness = exchange->gateway.readiness();
  JsonWriter json;
  json.begin_object().flag("ready", readiness.ready).begin_array("reasons");
  for (const auto& reason : readiness.reasons) json.element_text(reason);
  json.end_array().begin_array("warnings");
  for (const auto& warning : readiness.warnings) json.element_text(warning);
  json.end_array().end_object();
  if (readiness.ready) return exchange->json(200, json.take());
  exchange->json(503, json.take(), {{"Retry-After", "1"}});
}

void get_metrics(const ExchangePtr& exchange) {
  respond_text(exchange, "text/plain; version=0.0.4; charset=utf-8", exchange->gateway.metrics());
}

void get_meta(const ExchangePtr& exchange) {
  const auto seconds = [](Millis time) { return std::chrono::duration<double>(time).count(); };
  const NodeMeta meta = exchange->gateway.meta();
  JsonWriter json;
  json.begin_object().text("name", "troupe").text("version", meta.version).text("node", meta.node);
  json.text("store", meta.store).text("started_at", meta.started_at);
  json.begin_object("limits");
  json.number("body_bytes", exchange->options.body_bytes).number("header_bytes", limits::kHeaderBytes);
  json.number("batch_bytes", limits::kBatchBytes).number("batch_jobs", limits::kBatchJobs);
  json.number("json_depth", limits::kJsonDepth).number("page_default", limits::kPageDefault);
  json.number("page_max", limits::kPageMax).number("prefer_wait_seconds", limits::kPreferWaitSeconds);
  json.number("metadata_bytes", limits::kMetadataBytes).number("definition_bytes", limits::kDefinitionBytes);
  json.number("steps", limits::kSteps).number("items", limits::kItems);
  json.number("kill_switches", limits::kKillSwitches).number("schedules", limits::kSchedules);
  json.number("attempts", limits::kAttemptsMax).number("output_bytes", limits::kOutputBytes);
  json.number("log_bytes", limits::kLogBytes).number("idempotency_key_chars", limits::kIdempotencyKeyChars);
  json.real("timeout_seconds_default", seconds(limits::kRunTimeoutDefault));
  json.real("timeout_seconds_max", seconds(exchange->options.job_timeout_max));
  json.end_object();
  json.begin_array("rate_limits");
  for (const RateLimitState& state : exchange->gateway.client_limits(exchange->caller.client_id.value_or("default"))) {
    json.begin_object().text("policy", state.policy).number("limit", state.limit.limit);
    json.real("per_seconds", seconds(state.limit.per)).number("burst", state.limit.burst);
    json.number("remaining", state.remaining).end_object();
  }
  json.end_array().end_object();
  exchange->json(200, json.take());
}

void get_openapi(const ExchangePtr& exchange) { respond_text(exchange, "application/json", openapi_document()); }
void get_docs(const ExchangePtr& exchange) { respond_page(exchange, docs_page()); }
void get_error_docs(const ExchangePtr& exchange) { respond_page(exchange, errors_page()); }

}  // namespace

std::vector<Route> operation_routes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/healthz",
                    .id = "getHealth",
                    .tag = "Operations",
                    .summary = "Is the process alive?",
                    .description = "",
                    .handle = get_health,
                    .answers = {{200, "It is.", "Health"}}});
  routes.push_back(
      {.method = "GET",
       .path = "/readyz",
       .id = "getReadiness",
       .tag = "Operations",
       .summary = "Can it take work?",
       .description = "",
       .handle = get_readiness,
       .answers = {{200, "It can.", "Readiness"}, {503, "It cannot; the reasons tell why.", "Readiness"}}});
  routes.push_back({.method = "GET",
                    .path = "/metrics",
                    .id = "getMetrics",
                    .tag = "Operations",
                    .summary = "Metrics for Prometheus",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_metrics,
                    .answers = {{200, "Prometheus text format.", "", "text/plain"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/meta",
                    .id = "getMeta",
                    .tag = "Operations",
                    .summary = "Version, node and limits",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_meta,
                    .answers = {{200, "What this server is.", "Meta"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/openapi.json",
                    .id = "getOpenApi",
                    .tag = "Operations",
                    .summary = "This document",
                    .description = "",
                    .handle = get_openapi,
                    .answers = {{200, "OpenAPI 3.1.", "AnyObject"}}});
  routes.push_back({.method = "GET",
                    .path = "/docs",
                    .id = "getDocs",
                    .tag = "Operations",
                    .summary = "The API for people",
                    .description = "",
                    .handle = get_docs,
                    .answers = {{200, "A page.", "", "text/html"}}});
  routes.push_back({.method = "GET",
                    .path = "/docs/errors",
                    .id = "getErrorDocs",
                    .tag = "Operations",
                    .summary = "Every error code",
                    .description = "What the `type` of a problem points to.",
                    .handle = get_error_docs,
                    .answers = {{200, "A page.", "", "text/html"}}});
  return routes;
}

}  // namespace troupe::ingress
