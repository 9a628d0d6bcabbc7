// Live events of one job, and of all that the caller may see.
#include <algorithm>
#include <array>

#include "ingress/exchange.hpp"
#include "ingress/parameters.hpp"
#include "ingress/sse.hpp"

namespace troupe::ingress {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"status", "progress", "log", "preview", "asset", "approval"};

/// Of the header, which a browser sends when it comes back, else of the query.
Result<std::optional<std::uint64_t>> last_event_id(Exchange& exchange) {
  if (const auto header = exchange.request.header("last-event-id"); header && !header->empty()) {
    std::uint64_t value = 0;
    for (char c : *header) {
      if (c < '0' || c > '9' || value > 1'000'000'000'000'000'000)
        return {ErrorCode::malformed_request, "Last-Event-ID is not an id that this stream gave out."};
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return std::optional(value);
  }
  auto value = exchange.query.number("last_event_id");
  if (exchange.query.error()) return *exchange.query.error();
  return value;
}

void job_events(const ExchangePtr& exchange) {
  auto ref = exchange->job_ref();
  if (!ref) return exchange->fail(ref.error());
  const auto after = last_event_id(*exchange);
  if (!after) return exchange->fail(after.error());
  exchange->gateway.job(exchange->caller, *ref, false, [exchange, after = *after](Result<JobView> job) {
    if (succeeded(exchange, job)) stream_job_events(exchange, *job, after);
  });
}

void all_events(const ExchangePtr& exchange) {
  auto client = exchange->client();
  if (!client) return exchange->fail(client.error());
  EventFilter filter;
  filter.client_id = *client;
  filter.kind = exchange->query.text("kind").value_or("");
  filter.workflow_key = exchange->query.text("workflow_key").value_or("");
  if (!filter.kind.empty() && std::find(kKinds.begin(), kKinds.end(), filter.kind) == kKinds.end())
    return exchange->fail(ErrorCode::invalid_query, "kind can be status, progress, log, preview, asset or approval.");
  stream_all_events(exchange, std::move(filter));
}

constexpr Answer kEventStream = {200, "The stream.", "", "text/event-stream"};

}  // namespace

std::vector<Route> event_routes() {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "GET",
       .path = "/v1/jobs/{id}/events",
       .id = "streamJobEvents",
       .tag = "Events",
       .summary = "Follow one job",
       .description =
           "Server-Sent Events: `status`, `progress`, `log`, `preview`, `asset`, `approval`. Durable events have an "
           "`id`, "
           "the seq of their audit record: `Last-Event-ID` resumes after it without a gap. Without it the stream "
           "begins "
           "with a `status` event that tells the job as it is now and has no id. The server closes the stream after "
           "the "
           "newest run's last `status`; a retry opens it again. A comment comes every 15 s when nothing else does.",
       .role = Role::viewer,
       .handle = job_events,
       .query = {kClientParameter,
                 {"last_event_id", R"({"type":"integer","minimum":0})",
                  "The same as the header, for clients that cannot set it."}},
       .headers = {{"Last-Event-ID", R"({"type":"string"})", "The last id that was seen."}},
       .answers = {kEventStream, {204, "The job has ended and all its events were seen.", "", ""}},
       .errors = {ErrorCode::ambiguous_job_id}});
  routes.push_back(
      {.method = "GET",
       .path = "/v1/events",
       .id = "streamEvents",
       .tag = "Events",
       .summary = "Follow everything",
       .description = "Every event of every job that the caller may see, from now on, without ids.",
       .role = Role::viewer,
       .handle = all_events,
       .query = {{"kind", R"({"type":"string","enum":["status","progress","log","preview","asset","approval"]})",
                  "Only events of this kind."},
                 kWorkflowParameter,
                 kClientParameter},
       .answers = {kEventStream}});
  return routes;
}

}  // namespace troupe::ingress
