#include "net/transfer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "troupe/base/ascii.hpp"
#include "troupe/base/token.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

// These belong to the message framing and the connection, which are libcurl's.
constexpr std::array<std::string_view, 6> kFramingHeaders = {
    "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te"};
// What describes the body or the answer may go on to another origin; the rest may be a credential.
constexpr std::array<std::string_view, 4> kOpenHeaders = {"accept", "accept-language", "content-type", "traceparent"};

constexpr std::array<int, 5> kRedirectStatuses = {301, 302, 303, 307, 308};

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Error failed(ErrorCode code, std::string message, bool retryable) {
  return Error{code, std::move(message), retryable, {}};
}

}  // namespace

Transfer::Transfer(HttpClient::CallId id, HttpRequest request, HttpClient::Reply reply,
                   const HttpClientOptions& options, const EgressPolicy& policy)
    : id_(id),
      request_(std::move(request)),
      reply_(std::move(reply)),
      options_(options),
      policy_(policy),
      deadline_(std::chrono::steady_clock::now() + request_.timeout) {}

Result<Done> Transfer::prepare() {
  if (redirects_ == 0) {
    if (auto checked = check_request(); !checked) return checked.error();
    auto url = parse_url(request_.url);
    if (!url) return url.error();
    url_ = *url;
  }
  if (auto allowed = policy_.check_url(url_); !allowed) return allowed.error();
  const auto left = std::chrono::ceil<Millis>(deadline_ - std::chrono::steady_clock::now());
  if (left <= 0ms) return timed_out();
  set_up_connection(left);
  set_up_request();
  return Done{};
}

Result<Done> Transfer::check_request() const {
  if (!is_token(request_.method)) return failed(ErrorCode::invalid_config, "the HTTP method is not a word", false);
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name)) return failed(ErrorCode::invalid_config, "a header has the bad name '" + name + "'", false);
    if (contains(kFramingHeaders, to_lower(name)))
      return failed(ErrorCode::invalid_config, "the header " + name + " is set by the client itself", false);
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)
      return failed(ErrorCode::invalid_config, "the value of the header " + name + " has a line break or a NUL", false);
  }
  return Done{};
}

void Transfer::set_up_connection(Millis left) {
  curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, curl_message_);
  curl_easy_setopt(handle, CURLOPT_URL, url_.text.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // Otherwise a call that is cancelled while its name is being resolved waits for the resolver, and with it all others.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(handle, CURLOPT_PROXY, options_.proxy.c_str());  // "" also switches the environment's proxies off
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "");
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
}

void Transfer::set_up_request() {
  response_ = {};
  header_bytes_ = 0;
  forbidden_.reset();
  tried_an_address_ = false;
  curl_message_[0] = '\0';

  header_list_.reset();
  const auto add = [this](const std::string& line) {
    header_list_.reset(curl_slist_append(header_list_.release(), line.c_str()));
  };
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    has_type = has_type || to_lower(name) == "content-type";
    add(value.empty() ? name + ";" : name + ": " + value);  // "Name:" would remove the header
  }
  if (!has_type) add("Content-Type:");  // libcurl would call any body a form
  add("Expect:");                       // no extra round trip before a large body
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, header_list_.get());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());

  constexpr std::array<std::string_view, 3> kBodyMethods = {"POST", "PUT", "PATCH"};
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (!request_.body.empty() || contains(kBodyMethods, request_.method)) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request_.body.data());
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request_.method.c_str());

  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
}

std::optional<Result<HttpResponse>> Transfer::on_hop_done(CURLcode code) {
  if (stopped_by_) return Result<HttpResponse>(*stopped_by_);
  if (code != CURLE_OK) return Result<HttpResponse>(failure(code));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (auto target = redirect_target()) {
    if (++redirects_ > options_.redirects_max)
      return Result<HttpResponse>(
          failed(ErrorCode::http_failed, "more than " + std::to_string(options_.redirects_max) + " redirects", true));
    follow(std::move(*target));
    return std::nullopt;
  }
  if (stopped_by_) return Result<HttpResponse>(*stopped_by_);
  return Result<HttpResponse>(std::move(response_));
}

// --- redirects -----------------------------------------------------------------------------------------------------

std::optional<Url> Transfer::redirect_target() {
  if (!request_.follow_redirects || !contains(kRedirectStatuses, response_.status)) return std::nullopt;
  const auto location = std::find_if(response_.headers.begin(), response_.headers.end(),
                                     [](const auto& header) { return header.first == "location"; });
  if (location == response_.headers.end()) return std::nullopt;
  auto target = resolve_url(url_, location->second);
  if (target) return *target;
  stopped_by_ = failed(ErrorCode::http_failed,
                       url_.display() + " redirects to an unusable place: " + target.error().message, false);
  return std::nullopt;
}

// As browsers do it: 303 turns anything but HEAD into GET, 301 and 302 only a POST; 307 and 308 repeat the request.
void Transfer::follow(Url target) {
  const bool becomes_get =
      (response_.status == 303 && request_.method != "HEAD") || (response_.status <= 302 && request_.method == "POST");
  if (becomes_get) {
    request_.method = "GET";
    request_.body.clear();
    std::erase_if(request_.headers, [](const auto& header) { return to_lower(header.first) == "content-type"; });
  }
  if (!target.same_origin(url_))
    std::erase_if(request_.headers, [](const auto& header) { return !contains(kOpenHeaders, to_lower(header.first)); });
  url_ = std::move(target);
}

// --- what libcurl calls ---------------------------------------------------------------------------------------------

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  if (transfer.response_.body.size() + bytes > transfer.request_.response_bytes_max) {
    transfer.stopped_by_ = failed(ErrorCode::output_too_large,
                                  transfer.url_.display() + " answered with more than " +
                                      std::to_string(transfer.request_.response_bytes_max) + " bytes",
                                  false);
    return 0;
  }
  transfer.response_.body.append(data, bytes);
  return bytes;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  transfer.header_bytes_ += bytes;
  if (transfer.header_bytes_ > transfer.options_.response_header_bytes_max) {
    transfer.stopped_by_ =
        failed(ErrorCode::output_too_large, transfer.url_.display() + " answered with too large a header block", false);
    return 0;
  }
  const std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) {  // also after an interim answer
    transfer.response_.headers.clear();
  } else if (const std::size_t colon = line.find(':'); colon != line.npos) {
    transfer.response_.headers.emplace_back(to_lower(trimmed(line.substr(0, colon))),
                                            std::string(trimmed(line.substr(colon + 1))));
  }
  return bytes;
}

curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.options_.proxy.empty()) {
    const auto ip = address_of(address->addr);
    const auto allowed = ip ? transfer.policy_.check_address(transfer.url_.host, *ip)
                            : Result<Done>(ErrorCode::egress_forbidden, "only IPv4 and IPv6 are allowed");
    if (!allowed) {
      if (!transfer.forbidden_) transfer.forbidden_ = allowed.error();
      return CURL_SOCKET_BAD;
    }
  }
  transfer.tried_an_address_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// --- failures ------------------------------------------------------------------------------------------------------

Error Transfer::timed_out() const {
  return failed(ErrorCode::step_timeout,
                "no complete answer from " + url_.display() + " within " + format_duration(request_.timeout), true);
}

Error Transfer::failure(CURLcode code) const {
  const auto http_failed = [](std::string message) { return failed(ErrorCode::http_failed, std::move(message), true); };
  const std::string detail = curl_message_[0] != '\0' ? curl_message_ : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      if (std::chrono::steady_clock::now() >= deadline_ - 50ms)
        return timed_out();  // curl's clock may be a little ahead
      return http_failed("no connection to " + url_.authority() + " within " +
                         format_duration(options_.connect_timeout));
    case CURLE_COULDNT_RESOLVE_HOST: return http_failed("the name " + url_.host + " cannot be resolved");
    case CURLE_COULDNT_RESOLVE_PROXY: return http_failed("the name of the proxy cannot be resolved");
    case CURLE_COULDNT_CONNECT: {
      if (forbidden_ && !tried_an_address_) return *forbidden_;
      long reason = 0;
      curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &reason);
      return http_failed("cannot connect to " + url_.authority() + ": " +
                         (reason != 0 ? std::strerror(static_cast<int>(reason)) : detail));
    }
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return http_failed("TLS with " + url_.authority() + " failed: " + detail);
    case CURLE_GOT_NOTHING: return http_failed(url_.authority() + " closed the connection without an answer");
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return http_failed("the connection to " + url_.authority() + " was cut: " + detail);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return failed(ErrorCode::invalid_config, "invalid URL: " + detail, false);
    default: return http_failed("the call to " + url_.authority() + " failed: " + detail);
  }
}

}  // namespace troupe
