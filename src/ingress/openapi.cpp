// The OpenAPI 3.1 document: paths from the route table, schemas from openapi_schemas.cpp. What every route of a form
// can answer (a bad query, a missing credential, a stalled store) is added here, so that the table holds only what is
// special.
#include <map>
#include <set>

#include "codec/json.hpp"
#include "ingress/api.hpp"
#include "ingress/openapi_schemas.hpp"
#include "ingress/route.hpp"

namespace troupe::ingress {
namespace {

constexpr std::string_view kDescription =
    "Troupe is a durable job runtime. A job is accepted only when it is stored; then it is carried through its "
    "workflow, "
    "step by step. Times are RFC 3339 in UTC, durations are seconds. Lists are paged by an opaque "
    "`cursor`; jobs, runs and records come newest first. Every answer has an `X-Request-Id`; errors are problem documents (RFC 9457) with a stable `code`. Jobs "
    "are "
    "named by their UUID or by the `job_id` that their client chose. GET routes answer HEAD too. Roles: viewer < "
    "client < "
    "worker < operator < admin; a credential that is tied to a client sees that client's jobs only.";

Json parsed(std::string_view text) { return *parse_json(text); }

Json schema_ref(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

Json path_parameter(std::string_view path, std::string_view name) {
  Json schema = {{"type", "string"}};
  std::string description = "The UUID.";
  if (name == "key") description = "The workflow's key.";
  if (name == "version") schema = {{"type", "integer"}, {"minimum", 1}}, description = "The version.";
  if (name == "id" && path.starts_with("/v1/jobs/"))
    description = "The job's UUID, or the `job_id` that its client chose.";
  else if (name == "id" && path.starts_with("/v1/schedules/"))
    description = "The schedule's id.";
  else if (name == "id")
    schema["format"] = "uuid";
  return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", schema}, {"description", description}};
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  for (auto at = route.path.find('{'); at != std::string_view::npos; at = route.path.find('{', at + 1))
    list.push_back(path_parameter(route.path, route.path.substr(at + 1, route.path.find('}', at) - at - 1)));
  const auto add = [&](const std::vector<Parameter>& parameters, const char* in) {
    for (const Parameter& parameter : parameters)
      list.push_back({{"name", parameter.name},
                      {"in", in},
                      {"required", false},
                      {"schema", parsed(parameter.schema)},
                      {"description", parameter.description}});
  };
  add(route.query, "query");
  add(route.headers, "header");
  return list;
}

Json body_of(const Route& route) {
  Json content;
  content["application/json"] = {{"schema", schema_ref(route.body_schema)}};
  if (route.body == BodyKind::definition) content["application/yaml"] = {{"schema", schema_ref(route.body_schema)}};
  if (route.body == BodyKind::jobs)
    content["application/x-ndjson"] = {{"schema", {{"type", "string"}, {"description", "A JobRequest on each line."}}}};
  return {{"required", route.body != BodyKind::optional_json}, {"content", content}};
}

/// All codes that the route can answer with.
std::set<ErrorCode> errors_of(const Route& route) {
  std::set<ErrorCode> codes(route.errors.begin(), route.errors.end());
  const bool versioned = route.path.starts_with("/v1/");
  if (versioned) codes.insert(ErrorCode::invalid_query);
  for (const Parameter& parameter : route.query) {
    if (parameter.name == "cursor") codes.insert(ErrorCode::invalid_cursor);
    if (parameter.name == "limit") codes.insert(ErrorCode::invalid_limit);
  }
  if (route.path.find("{id}") != std::string_view::npos || route.path.find("{version}") != std::string_view::npos)
    codes.insert(ErrorCode::invalid_id);
  if (route.path.find('{') != std::string_view::npos) codes.insert(ErrorCode::not_found);
  if (route.role) {
    codes.insert({ErrorCode::unauthenticated, ErrorCode::internal});
    if (versioned)
      codes.insert({ErrorCode::forbidden, ErrorCode::overloaded, ErrorCode::not_ready, ErrorCode::store_unavailable});
  }
  if (route.method != "GET") codes.insert(ErrorCode::disk_full);
  if (route.body != BodyKind::none)
    codes.insert({ErrorCode::malformed_json, ErrorCode::json_too_deep, ErrorCode::unsupported_media_type,
                  ErrorCode::payload_too_large, ErrorCode::validation_failed});
  for (const Parameter& header : route.headers)
    if (header.name == "Idempotency-Key") codes.insert(ErrorCode::malformed_request);
  return codes;
}

/// Of answers that tell of rate limits.
Json rate_limit_headers() {
  const auto text = [](const char* description) {
    return Json{{"description", description}, {"schema", {{"type", "string"}}}};
  };
  return {{"RateLimit-Policy", text("Where limits apply: `\"client\";q=100;w=60`, 100 jobs in 60 seconds.")},
          {"RateLimit", text("Where limits apply: `\"client\";r=50;t=1`, 50 left, one more in a second.")}};
}

Json problem_response(const std::vector<ErrorCode>& codes) {
  std::string description;
  for (ErrorCode code : codes)
    description +=
        (description.empty() ? "`" : "; `") + std::string(code_text(code)) + "`: " + std::string(code_meaning(code));
  return {{"description", description},
          {"content", {{"application/problem+json", {{"schema", schema_ref("Problem")}}}}}};
}

Json answer_response(const Answer& answer) {
  Json response = {{"description", answer.description}};
  if (!answer.schema.empty())
    response["content"][std::string(answer.media_type)] = {{"schema", schema_ref(answer.schema)}};
  else if (!answer.media_type.empty())
    response["content"][std::string(answer.media_type)] = Json::object();
  if (answer.status == 201 || answer.status == 202)
    response["headers"]["Location"] = {{"description", "Where it is."}, {"schema", {{"type", "string"}}}};
  return response;
}

Json responses_of(const Route& route) {
  std::map<int, std::vector<ErrorCode>> by_status;
  for (ErrorCode code : errors_of(route)) by_status[http_status(code)].push_back(code);
  Json responses;
  for (const auto& [status, codes] : by_status) responses[std::to_string(status)] = problem_response(codes);
  for (const Answer& answer : route.answers) responses[std::to_string(answer.status)] = answer_response(answer);
  if (const auto limited = responses.find("429"); limited != responses.end()) {
    for (const char* status : {"200", "202", "429"})
      if (responses.contains(status)) responses[status]["headers"].update(rate_limit_headers());
    (*limited)["headers"]["Retry-After"] = {{"description", "Seconds."}, {"schema", {{"type", "integer"}}}};
  }
  return responses;
}

Json operation_of(const Route& route) {
  Json operation = {{"operationId", route.id}, {"tags", Json::array({route.tag})}, {"summary", route.summary}};
  std::string description(route.description);
  if (route.role)
    description +=
        (description.empty() ? "" : " ") + std::string("Needs the role `") + std::string(role_text(*route.role)) + "`.";
  if (!description.empty()) operation["description"] = description;
  if (Json parameters = parameters_of(route); !parameters.empty()) operation["parameters"] = std::move(parameters);
  if (route.body != BodyKind::none) operation["requestBody"] = body_of(route);
  operation["responses"] = responses_of(route);
  // No credential is needed where the server has no keys; the empty alternative says so.
  operation["security"] = route.role ? parsed(R"([{"apiKey":[]},{}])") : Json::array();
  return operation;
}

std::string make_document() {
  Json document = parsed(R"({
    "openapi": "3.1.0",
    "info": {"title": "Troupe API", "version": "1", "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
    "servers": [{"url": "/"}],
    "tags": [
      {"name": "Jobs", "description": "Work that clients hand over."},
      {"name": "Events", "description": "What is happening, as it happens."},
      {"name": "Workflows", "description": "What a job goes through."},
      {"name": "Schedules", "description": "Jobs that the clock begins."},
      {"name": "Runs", "description": "One passage of a job through its workflow."},
      {"name": "Assets", "description": "Files that steps made."},
      {"name": "Audit", "description": "Every change of state, chained by hashes."},
      {"name": "Operations", "description": "The server itself."}],
    "components": {"securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer", "description":
      "An API key, `trp_…`. A server without keys listens on loopback only and asks for none."}}}})");
  document["info"]["description"] = kDescription;
  document["components"]["schemas"] = parsed(openapi_schemas());
  for (const Route& route : route_table()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    document["paths"][std::string(route.path)][method] = operation_of(route);
  }
  return to_text(document);
}

}  // namespace

const std::string& openapi_document() {
  static const std::string text = make_document();
  return text;
}

}  // namespace troupe::ingress
