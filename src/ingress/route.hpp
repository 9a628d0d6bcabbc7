// One row of the route table: the one source for routing, 405 and Allow, roles, media types, and the OpenAPI document.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "troupe/base/error.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

struct Exchange;
using ExchangePtr = std::shared_ptr<Exchange>;

/// A query parameter or a request header.
struct Parameter {
  std::string_view name;
  std::string_view schema;  ///< JSON Schema, as text
  std::string_view description;
};

enum class BodyKind {
  none,           ///< a body is not read
  json,           ///< a JSON object
  optional_json,  ///< a JSON object, or nothing at all
  definition,     ///< a workflow definition: JSON or YAML, handed on as text
  jobs,           ///< many jobs, as a JSON object or as NDJSON; streamed
};

struct Answer {
  int status = 200;
  std::string_view description;
  std::string_view schema;  ///< a name in the document's components; empty: no JSON
  std::string_view media_type = "application/json";
};

struct Route {
  std::string_view method;
  std::string_view path;  ///< `/v1/jobs/{id}`: a piece in braces takes any one segment
  std::string_view id;    ///< operationId
  std::string_view tag;
  std::string_view summary;
  std::string_view description;
  std::optional<Role> role;  ///< the least that is needed; absent: no credential is asked for
  void (*handle)(const ExchangePtr&) = nullptr;

  std::vector<Parameter> query;
  std::vector<Parameter> headers;
  bool begins_work = false;  ///< refused (503) where the server is behind
  BodyKind body = BodyKind::none;
  std::string_view body_schema;  ///< a name in the document's components
  std::vector<Answer> answers;
  std::vector<ErrorCode> errors;  ///< beyond those that every route of this form can give (openapi.cpp adds them)
};

/// All routes of this version, in the order of the documentation.
const std::vector<Route>& route_table();

// The groups, one file each: routes_*.cpp.
std::vector<Route> job_routes();
std::vector<Route> event_routes();
std::vector<Route> workflow_routes();
std::vector<Route> schedule_routes();
std::vector<Route> run_routes();
std::vector<Route> message_routes();
std::vector<Route> asset_routes();
std::vector<Route> audit_routes();
std::vector<Route> switch_routes();
std::vector<Route> actor_routes();
std::vector<Route> operation_routes();

}  // namespace troupe::ingress
