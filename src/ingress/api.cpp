// From request to route, in this order: path (404), method (405), credential (401), role (403), query (400), media type
// (415), JSON (400). What the fields mean is the route's business.
#include "ingress/api.hpp"

#include <algorithm>
#include <utility>

#include "ingress/content_reader.hpp"
#include "ingress/exchange.hpp"
#include "ingress/job_batch.hpp"
#include "ingress/observed_responder.hpp"
#include "ingress/request_headers.hpp"
#include "ingress/router.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

bool is_yaml(std::string_view type) {
  return type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" || type == "text/x-yaml";
}

Error unsupported(const Request& request, std::string_view wanted) {
  const auto given = request.header("content-type");
  return {ErrorCode::unsupported_media_type,
          (given ? "The Content-Type '" + std::string(given->substr(0, 100)) + "' is not taken here"
                 : std::string("The request has no Content-Type")) +
              "; send " + std::string(wanted) + " in UTF-8.",
          false,
          {}};
}

/// Fills the exchange's body, as its route wants it.
Result<Done> read_body(Exchange& exchange) {
  const BodyKind kind = exchange.route->body;
  const Request& request = exchange.request;
  if (kind == BodyKind::none || kind == BodyKind::jobs || (kind == BodyKind::optional_json && request.body.empty()))
    return Done{};
  const auto type = media_type(request);
  const bool is_json = type == "application/json";
  if (kind == BodyKind::definition) {
    if (!is_json && !(type && is_yaml(*type))) return unsupported(request, "application/json or application/yaml");
    if (request.body.size() > limits::kDefinitionBytes)
      return {ErrorCode::payload_too_large,
              "A definition may have " + std::to_string(limits::kDefinitionBytes) + " bytes."};
    if (!is_json) return Done{};
  } else if (!is_json) {
    return unsupported(request, "application/json");
  }
  auto body = parse_json(request.body);
  if (!body) return std::move(body).error();
  exchange.body = std::move(*body);
  return Done{};
}

Result<Done> read_query(Exchange& exchange) {
  const Route& route = *exchange.route;
  // Probes and browsers add parameters of their own to the pages outside /v1; there they do no harm.
  if (!route.path.starts_with("/v1/")) return Done{};
  auto query = Query::parse(exchange.request.query);
  if (!query) return query.error();
  exchange.query = std::move(*query);
  std::vector<std::string_view> known;
  for (const Parameter& parameter : route.query) known.push_back(parameter.name);
  return exchange.query.expect(known);
}

class Api {
 public:
  Api(Gateway& gateway, const ApiKeys& keys, Clock& clock, Metrics& metrics, Log& log, ApiOptions options)
      : gateway_(gateway),
        keys_(keys),
        clock_(clock),
        metrics_(metrics),
        log_(log),
        options_(std::move(options)),
        router_(route_table()) {}

  void handle(Request request, std::shared_ptr<Responder> responder) {
    std::string traceparent = trace_of(request);
    Match match = router_.find(request.method, request.path);
    responder = std::make_shared<ObservedResponder>(request, match.route ? match.route->path : "none",
                                                    trace_id(traceparent), std::move(responder), metrics_, log_);
    if (!match.route) return refuse(match, request, *responder);
    auto exchange = std::make_shared<Exchange>(Exchange{.gateway = gateway_,
                                                        .clock = clock_,
                                                        .options = options_,
                                                        .reader = reader_,
                                                        .batches = batches_,
                                                        .request = std::move(request),
                                                        .responder = std::move(responder),
                                                        .route = match.route,
                                                        .path = std::move(match.values)});
    exchange->caller.traceparent = std::move(traceparent);
    if (const auto ready = prepare(*exchange); !ready) return exchange->fail(ready.error());
    exchange->route->handle(exchange);
  }

 private:
  static void refuse(const Match& match, const Request& request, Responder& responder) {
    if (match.allow.empty())
      return responder.respond(
          render_problem({ErrorCode::not_found, "There is no such path; see /docs.", false, {}}, request.request_id));
    Response response = render_problem(
        {ErrorCode::method_not_allowed, "This path answers " + match.allow + ".", false, {}}, request.request_id);
    response.headers.emplace_back("Allow", match.allow);
    responder.respond(std::move(response));
  }

  Result<Done> prepare(Exchange& exchange) const {
    if (exchange.route->role) {
      auto caller = keys_.authenticate(exchange.request.header("authorization"));
      if (!caller) return caller.error();
      caller->traceparent = std::move(exchange.caller.traceparent);
      exchange.caller = std::move(*caller);
      if (exchange.caller.role < *exchange.route->role)
        return {ErrorCode::forbidden, "This needs the role " + std::string(role_text(*exchange.route->role)) +
                                          "; the credential has " + std::string(role_text(exchange.caller.role)) + "."};
    }
    if (exchange.route->begins_work && exchange.request.late)
      return Error{ErrorCode::overloaded, "The server is behind with what it was asked for.", true, {}};
    exchange.caller.request_id = exchange.request.request_id;
    if (auto query = read_query(exchange); !query) return query;
    return read_body(exchange);
  }

  Gateway& gateway_;
  const ApiKeys& keys_;
  Clock& clock_;
  Metrics& metrics_;
  Log& log_;
  ApiOptions options_;
  Router router_;
  ContentReader reader_;
  BatchLane batches_;
};

}  // namespace

Handler make_api(Gateway& gateway, const ApiKeys& keys, Clock& clock, Metrics& metrics, Log& log, ApiOptions options) {
  auto api = std::make_shared<Api>(gateway, keys, clock, metrics, log, std::move(options));
  return [api](Request request, std::shared_ptr<Responder> responder) {
    api->handle(std::move(request), std::move(responder));
  };
}

BodyRules body_rules(std::size_t body_bytes) {
  std::vector<std::string_view> streamed;
  for (const Route& route : route_table())
    if (route.body == BodyKind::jobs) streamed.push_back(route.path);
  return [streamed, body_bytes](std::string_view method, std::string_view path) -> BodyRule {
    if (method == "POST" && std::ranges::find(streamed, path) != streamed.end()) return {limits::kBatchBytes, true};
    return {body_bytes, false};
  };
}

const std::vector<Route>& route_table() {
  static const std::vector<Route> table = [] {
    std::vector<Route> all;
    for (auto group : {job_routes, event_routes, workflow_routes, schedule_routes, run_routes, message_routes,
                       asset_routes, audit_routes, switch_routes, actor_routes, operation_routes})
      for (Route& route : group()) all.push_back(std::move(route));
    return all;
  }();
  return table;
}

}  // namespace troupe::ingress
