#include "ingress/response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <boost/beast/http/status.hpp>

#include "troupe/base/ascii.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::ingress {
namespace {

constexpr std::array<std::string_view, 7> kServerHeaders = {
    "date",       "content-length", "transfer-encoding",     "connection",
    "keep-alive", "x-request-id",   "x-content-type-options"};

bool is_server_header(std::string_view name) {
  return std::any_of(kServerHeaders.begin(), kServerHeaders.end(), [&](std::string_view own) {
    return std::equal(name.begin(), name.end(), own.begin(), own.end(),
                      [](char left, char right) { return to_lower(left) == right; });
  });
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out.append(digits, end);
}

void append_status_line(std::string& out, int status) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  out.append(reason.data(), reason.size());
  out += "\r\n";
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto start = out.size();
  out += name;
  out += ": ";
  out += value;
  for (std::size_t i = start; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if ((c < 0x20 && c != '\t') || c == 0x7F) out[i] = ' ';
  }
  out += "\r\n";
}

}  // namespace

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view DateLine::text() {
  const std::int64_t second = to_unix_ms(clock_.now()) / 1000;
  if (second == second_) return text_;
  second_ = second;
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = second;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char rest[40];  // strftime's own names of days and months follow the locale
  const auto size = std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT\r\n", &utc);
  text_ = std::string("Date: ") + kDays[utc.tm_wday] + ", " + (utc.tm_mday < 10 ? "0" : "") +
          std::to_string(utc.tm_mday) + ' ' + kMonths[utc.tm_mon] + std::string(rest, size);
  return text_;
}

void write_head(std::string& out, const Response& response, const ResponseFraming& framing,
                std::string_view date_line) {
  TROUPE_ASSERT(response.status >= 200 && response.status <= 599, "a response has a final status");
  append_status_line(out, response.status);
  out += date_line;
  for (const auto& [name, value] : response.headers)
    if (!is_server_header(name)) append_header(out, name, value);
  append_header(out, "X-Request-Id", framing.request_id);
  out += "X-Content-Type-Options: nosniff\r\n";
  if (framing.chunked) out += "Transfer-Encoding: chunked\r\n";
  if (framing.content_length) {
    out += "Content-Length: ";
    append_number(out, *framing.content_length);
    out += "\r\n";
  }
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.version == 10) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace troupe::ingress
