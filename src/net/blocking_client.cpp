#include "net/blocking_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>

#include "net/ip_address.hpp"
#include "net/url.hpp"
#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderLines = std::unique_ptr<curl_slist, FreeList>;

bool is_loopback_host(const std::string& host) {
  const auto address = parse_address(host);
  if (!address) return host == "localhost" || host.ends_with(".localhost");
  return address->is_v4() ? address->bytes[12] == 127 : address == parse_address("::1");
}

HeaderLines header_lines(const HttpRequest& request) {
  HeaderLines lines;
  const auto add = [&](const std::string& line) { lines.reset(curl_slist_append(lines.release(), line.c_str())); };
  add("Expect:");  // never wait for 100 Continue
  // A form that curl would otherwise call the body; who has a type says so.
  if (!request.body.empty()) add("Content-Type:");
  for (const auto& [name, value] : request.headers) add(value.empty() ? name + ";" : name + ": " + value);
  return lines;
}

}  // namespace

/// One easy handle, and what the call under way receives.
class BlockingHttpClient::Handle {
 public:
  explicit Handle(std::string user_agent) : user_agent_(std::move(user_agent)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl_ = curl_easy_init();
    TROUPE_ASSERT(curl_, "libcurl gives a handle");
  }
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<HttpResponse> perform(const HttpRequest& request, const TakePiece* take);

 private:
  void set_up(const HttpRequest& request, const Url& url, const HeaderLines& lines);
  Result<HttpResponse> conclude(CURLcode code, const HttpRequest& request, const Url& url);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  const std::string user_agent_;
  CURL* curl_ = nullptr;
  char message_[CURL_ERROR_SIZE] = {};
  HttpResponse response_;
  std::size_t bytes_max_ = 0;
  const TakePiece* take_ = nullptr;
  bool ended_by_taker_ = false, too_large_ = false;
};

Result<HttpResponse> BlockingHttpClient::Handle::perform(const HttpRequest& request, const TakePiece* take) {
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const HeaderLines lines = header_lines(request);
  response_ = {};
  bytes_max_ = request.response_bytes_max;
  take_ = take;
  ended_by_taker_ = too_large_ = false;
  message_[0] = '\0';
  set_up(request, *url, lines);
  return conclude(curl_easy_perform(curl_), request, *url);
}

void BlockingHttpClient::Handle::set_up(const HttpRequest& request, const Url& url, const HeaderLines& lines) {
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, url.text.c_str());
  curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, message_);
  curl_easy_setopt(curl_, CURLOPT_USERAGENT, user_agent_.c_str());
  if (is_loopback_host(url.host)) curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");

  const auto timeout_ms = static_cast<long>(request.timeout.count());
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, std::min(timeout_ms, 10'000L));
  if (take_) {
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, std::max(timeout_ms / 1000, 1L));
  } else {
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, timeout_ms);
  }

  if (request.method == "HEAD") curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
  if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, lines.get());
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &Handle::on_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Handle::on_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
}

Result<HttpResponse> BlockingHttpClient::Handle::conclude(CURLcode code, const HttpRequest& request, const Url& url) {
  if (code == CURLE_OK || ended_by_taker_) return std::move(response_);
  const std::string place = url.scheme + "://" + url.authority();
  if (too_large_)
    return Error{ErrorCode::output_too_large,
                 place + " sent more than " + std::to_string(request.response_bytes_max) + " bytes",
                 false,
                 {}};
  const std::string reason = message_[0] ? message_ : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT && response_.status != 0)
    return Error{ErrorCode::step_timeout, place + " went silent: " + reason, true, {}};
  return Error{ErrorCode::http_failed, place + ": " + reason, true, {}};
}

std::size_t BlockingHttpClient::Handle::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& handle = *static_cast<Handle*>(self);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // of an interim answer, or the real one
    long status = 0;
    curl_easy_getinfo(handle.curl_, CURLINFO_RESPONSE_CODE, &status);
    handle.response_ = {};
    handle.response_.status = static_cast<int>(status);
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    handle.response_.headers.emplace_back(to_lower(line.substr(0, colon)), value);
  }
  return size * count;
}

std::size_t BlockingHttpClient::Handle::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& handle = *static_cast<Handle*>(self);
  const std::string_view piece(data, size * count);
  const int status = handle.response_.status;
  if (handle.take_ && status >= 200 && status < 300) {
    handle.ended_by_taker_ = !(*handle.take_)(piece);
    return handle.ended_by_taker_ ? 0 : piece.size();
  }
  if (handle.response_.body.size() + piece.size() > handle.bytes_max_) {
    handle.too_large_ = true;
    return 0;
  }
  handle.response_.body += piece;
  return piece.size();
}

BlockingHttpClient::BlockingHttpClient(std::string user_agent)
    : handle_(std::make_unique<Handle>(std::move(user_agent))) {}
BlockingHttpClient::~BlockingHttpClient() = default;

Result<HttpResponse> BlockingHttpClient::send(const HttpRequest& request) { return handle_->perform(request, nullptr); }

Result<HttpResponse> BlockingHttpClient::stream(const HttpRequest& request, const TakePiece& take) {
  return handle_->perform(request, &take);
}

}  // namespace troupe
