#include "cli/api_client.hpp"

namespace troupe::cli {
namespace {

/// `Prefer: wait` goes up to a minute.
constexpr Millis kAnswerTimeout{90'000};
constexpr Millis kPatience = std::chrono::hours(24);
constexpr std::size_t kAnswerBytes = 64 << 20;

}  // namespace

int ApiAnswer::exit_code() const {
  if (ok()) return kDone;
  if (status != 0) return exit_code_of(status);
  return unreachable.code == ErrorCode::wrong_usage ? kWrongUse : kNotReached;
}

ApiClient::ApiClient(std::string server, std::string token)
    : server_(std::move(server)), token_(std::move(token)), http_("troupe-cli") {
  while (server_.ends_with('/')) server_.pop_back();
}

ApiAnswer ApiClient::get(const std::string& target, HeaderList headers) {
  return read(http_.send(request("GET", target, std::move(headers))));
}

ApiAnswer ApiClient::get_patiently(const std::string& target) {
  HttpRequest call = request("GET", target, {});
  call.timeout = kPatience;
  return read(http_.send(call));
}

ApiAnswer ApiClient::post(const std::string& target, const Json& body, HeaderList headers) {
  HttpRequest call = request("POST", target, std::move(headers));
  if (!body.is_null()) {
    call.headers.emplace_back("Content-Type", "application/json");
    call.body = to_text(body);
  }
  return read(http_.send(call));
}

ApiAnswer ApiClient::put(const std::string& target, const Json& body) {
  HttpRequest call = request("PUT", target, {{"Content-Type", "application/json"}});
  call.body = to_text(body);
  return read(http_.send(call));
}

ApiAnswer ApiClient::remove(const std::string& target) { return read(http_.send(request("DELETE", target, {}))); }

ApiAnswer ApiClient::post_text(const std::string& target, std::string body, std::string_view media_type) {
  HttpRequest call = request("POST", target, {{"Content-Type", std::string(media_type)}});
  call.body = std::move(body);
  return read(http_.send(call));
}

ApiAnswer ApiClient::stream(const std::string& target, HeaderList headers, Millis silence,
                            const BlockingHttpClient::TakePiece& take) {
  HttpRequest call = request("GET", target, std::move(headers));
  call.timeout = silence;
  return read(http_.stream(call, take));
}

HttpRequest ApiClient::request(std::string method, const std::string& target, HeaderList headers) const {
  HttpRequest call{.method = std::move(method), .url = server_ + target, .headers = std::move(headers)};
  call.timeout = kAnswerTimeout;
  call.response_bytes_max = kAnswerBytes;
  if (!token_.empty()) call.headers.emplace_back("Authorization", "Bearer " + token_);
  return call;
}

ApiAnswer ApiClient::read(Result<HttpResponse> response) {
  ApiAnswer answer;
  if (!response) {
    answer.unreachable = response.error();
    // The one thing of a request that is not ours: the server's address.
    if (answer.unreachable.code == ErrorCode::invalid_config) answer.unreachable.code = ErrorCode::wrong_usage;
    return answer;
  }
  answer.status = response->status;
  answer.text = std::move(response->body);
  if (auto body = parse_json(answer.text)) answer.body = std::move(*body);
  return answer;
}

}  // namespace troupe::cli
