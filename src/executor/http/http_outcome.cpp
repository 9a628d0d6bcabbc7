#include "executor/http/http_outcome.hpp"

#include "codec/json.hpp"
#include "crypto/hash.hpp"
#include "executor/http/retry_after.hpp"
#include "executor/text.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

constexpr std::size_t kLoggedBytes = 1024;
constexpr std::size_t kQuotedBytes = 300;
// The outputs become a member of other documents; their depth must fit these as well.
constexpr std::size_t kBodyDepth = limits::kJsonDepth - 8;

std::string content_type(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers)
    if (name == "content-type") return value;
  return {};
}

bool may_be_json(const HttpResponse& response) {
  std::string type = content_type(response);
  type = type.substr(0, type.find_first_of("; \t"));
  if (type == "application/json" || type.ends_with("+json")) return true;
  const std::size_t first = response.body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (response.body[first] != '{' && response.body[first] != '[')) return false;
  return type.empty() || type == "text/plain" || type == "text/json";
}

void put_body(Json& outputs, const HttpResponse& response) {
  if (may_be_json(response)) {
    if (auto parsed = parse_json(response.body, kBodyDepth)) {
      outputs["body"] = std::move(*parsed);
      return;
    }
  }
  if (is_utf8(response.body)) {
    outputs["body"] = response.body;
    return;
  }
  outputs["body"] = nullptr;
  outputs["body_base64"] = to_base64(response.body);
}

Json headers_of(const HttpResponse& response) {
  Json headers = Json::object();
  for (const auto& [name, value] : response.headers) {
    Json& all = headers[to_utf8(name)];
    all = all.is_null() ? to_utf8(value) : all.get<std::string>() + ", " + to_utf8(value);
  }
  return headers;
}

bool is_retryable(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

}  // namespace

Result<TaskOutputs> http_outputs(const HttpConfig& config, const HttpResponse& response) {
  if (!config.expect.contains(response.status)) {
    std::string message = config.method + " " + config.shown_url() + " answered " + std::to_string(response.status) +
                          ", expected " + config.expect.text();
    if (!response.body.empty()) message += ": " + one_line(text_head(response.body, kQuotedBytes));
    return Error{ErrorCode::http_status, std::move(message), is_retryable(response.status), {}, retry_after(response)};
  }
  Json outputs = {{"status", response.status}, {"headers", headers_of(response)}};
  put_body(outputs, response);
  Document document = to_document(outputs);
  if (document.size() > limits::kOutputBytes)
    return Error{ErrorCode::output_too_large,
                 config.method + " " + config.shown_url() + " gave " + std::to_string(document.size()) +
                     " bytes of outputs, the limit is " + std::to_string(limits::kOutputBytes),
                 false,
                 {}};
  return TaskOutputs{std::move(document), {}};
}

std::string http_log(const HttpConfig& config, const Result<HttpResponse>& result, Millis took) {
  std::string log = one_line(to_utf8(config.method + " " + config.shown_url())) + "\n";
  if (!result) return log + one_line(to_utf8(result.error().message)) + " (after " + format_duration(took) + ")\n";
  log += std::to_string(result->status) + " in " + format_duration(took) + ", " + std::to_string(result->body.size()) +
         " bytes";
  if (const std::string type = content_type(*result); !type.empty()) log += ", " + one_line(text_head(type, 100));
  log += "\n";
  if (!result->body.empty())
    log += is_utf8(result->body) ? text_head(result->body, kLoggedBytes) + "\n" : "(not text)\n";
  return log;
}

}  // namespace troupe
