// Errors as answers: the status of each code, and RFC 9457 problem documents.
#include <algorithm>

#include "ingress/api.hpp"
#include "ingress/json_writer.hpp"

namespace troupe::ingress {

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed_json:
    case ErrorCode::json_too_deep:
    case ErrorCode::malformed_request:
    case ErrorCode::invalid_query:
    case ErrorCode::invalid_cursor:
    case ErrorCode::invalid_limit:
    case ErrorCode::invalid_id: return 400;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::method_not_allowed: return 405;
    case ErrorCode::request_timeout: return 408;
    case ErrorCode::workflow_disabled:
    case ErrorCode::job_id_conflict:
    case ErrorCode::ambiguous_job_id:
    case ErrorCode::job_finished:
    case ErrorCode::job_not_finished:
    case ErrorCode::idempotency_key_in_flight:
    case ErrorCode::already_reviewed:
    case ErrorCode::no_signal_expected:
    case ErrorCode::conflict: return 409;
    case ErrorCode::payload_too_large: return 413;
    case ErrorCode::unsupported_media_type: return 415;
    case ErrorCode::range_not_satisfiable: return 416;
    case ErrorCode::validation_failed:
    case ErrorCode::not_supported:
    case ErrorCode::unknown_workflow:
    case ErrorCode::callback_url_forbidden:
    case ErrorCode::timeout_too_large:
    case ErrorCode::idempotency_key_reused: return 422;
    case ErrorCode::kill_switch_engaged: return 423;
    case ErrorCode::rate_limited:
    case ErrorCode::too_many_signals: return 429;
    case ErrorCode::header_too_large: return 431;
    case ErrorCode::overloaded:
    case ErrorCode::not_ready:
    case ErrorCode::disk_full:
    case ErrorCode::store_unavailable:
    case ErrorCode::fenced: return 503;
    // What follows tells of a step, a run, the store or the start-up; as an answer it is the server's fault.
    case ErrorCode::internal:
    case ErrorCode::step_timeout:
    case ErrorCode::queue_timeout:
    case ErrorCode::heartbeat_timeout:
    case ErrorCode::run_timeout:
    case ErrorCode::cancelled:
    case ErrorCode::step_stopped:
    case ErrorCode::expression_failed:
    case ErrorCode::invalid_config:
    case ErrorCode::http_failed:
    case ErrorCode::http_status:
    case ErrorCode::egress_forbidden:
    case ErrorCode::command_unknown:
    case ErrorCode::command_missing:
    case ErrorCode::command_failed:
    case ErrorCode::output_too_large:
    case ErrorCode::worker_lost:
    case ErrorCode::approval_rejected:
    case ErrorCode::sub_workflow_failed:
    case ErrorCode::sub_workflow_too_deep:
    case ErrorCode::unknown_secret:
    case ErrorCode::compensation_incomplete:
    case ErrorCode::poison:
    case ErrorCode::in_doubt:
    case ErrorCode::executor_failed:
    case ErrorCode::store_newer:
    case ErrorCode::store_corrupt:
    case ErrorCode::store_refused:
    case ErrorCode::chain_broken:
    case ErrorCode::invalid_configuration:
    case ErrorCode::wrong_usage:
    case ErrorCode::insecure_listen:
    case ErrorCode::io_failed: return 500;
  }
  return 500;
}

namespace {

/// Whole seconds, at least one.
std::int64_t seconds_to_wait(const Error& error) {
  return error.retry_after ? std::max<std::int64_t>(1, (error.retry_after->count() + 999) / 1000) : 1;
}

}  // namespace

Response render_problem(const Error& error, const std::string& request_id) {
  Response response;
  response.status = http_status(error.code);
  const auto code = code_text(error.code);

  JsonWriter json;
  json.begin_object();
  json.text("type", "/docs/errors#" + std::string(code));
  json.text("title", code_meaning(error.code));
  json.number("status", static_cast<std::uint64_t>(response.status));
  json.text("detail", error.message.empty() ? code_remedy(error.code) : std::string_view(error.message));
  json.text("code", code);
  json.text("request_id", request_id);
  if (!error.faults.empty()) {
    json.begin_array("errors");
    for (const Fault& fault : error.faults)
      json.begin_object().text("pointer", fault.pointer).text("message", fault.message).end_object();
    json.end_array();
  }
  json.end_object();

  response.body = json.take();
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.headers.emplace_back("Cache-Control", "no-store");
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"troupe\"");
  const bool passes = response.status == 503 || response.status == 429;
  if (passes || error.code == ErrorCode::idempotency_key_in_flight)
    response.headers.emplace_back("Retry-After", std::to_string(seconds_to_wait(error)));
  return response;
}

}  // namespace troupe::ingress
