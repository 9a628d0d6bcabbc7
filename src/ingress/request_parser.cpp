#include "ingress/request_parser.hpp"

#include <algorithm>
#include <limits>

#include <boost/beast/http/error.hpp>

#include "ingress/request_target.hpp"
#include "troupe/base/ascii.hpp"

namespace troupe::ingress {
namespace {

namespace http = boost::beast::http;

/// A client may name a large length and send nothing: no more than this is set aside on its word.
constexpr std::uint64_t kBodyReserve = 64 << 10;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

MessageParser::MessageParser(std::size_t body_bytes, const BodyRules& rules)
    : body_rule{body_bytes, false}, rules_(rules) {
  body_limit(body_bytes);
  eager(true);
}

void MessageParser::on_request_impl(http::verb, Text method, Text target, int http_version, BeastError& ec) {
  version = http_version;
  request.method = view(method);
  request.target = view(target);
  request.headers.reserve(12);
  auto parsed = ingress::parse_target(request.method, request.target);
  if (!parsed) {
    fault = "the target cannot be read";
    ec = http::error::bad_target;
    return;
  }
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  if (!rules_) return;
  body_rule = rules_(request.method, request.path);
  body_limit(body_rule.max_bytes);  // here, because Beast looks at it before it reports the head as complete
}

void MessageParser::on_field_impl(http::field, Text name, Text value, BeastError&) {
  if (head_complete_) return;
  request.headers.emplace_back(to_lower(view(name)), view(value));
}

void MessageParser::on_header_impl(BeastError& ec) {
  head_complete_ = true;
  fault = fault_of_head();
  if (!fault.empty()) ec = http::error::bad_value;
}

std::string_view MessageParser::fault_of_head() const {
  int hosts = 0, lengths = 0, codings = 0;
  for (const auto& [name, value] : request.headers) {
    if (name == "host") ++hosts;
    if (name == "content-length") ++lengths;
    if (name == "transfer-encoding") {
      ++codings;
      if (!equals_ignoring_case(value, "chunked")) return "the transfer coding is not 'chunked'";
    }
  }
  if (hosts > 1) return "there is more than one Host header";
  if (hosts == 0 && version == 11) return "the Host header is missing";
  if (codings > 0 && lengths > 0) return "there are both a Content-Length and a Transfer-Encoding";
  if (codings > 0 && version == 10) return "HTTP/1.0 knows no transfer codings";
  return {};
}

void MessageParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError&) {
  if (length) request.body.reserve(static_cast<std::size_t>(std::min(*length, kBodyReserve)));
}

std::size_t MessageParser::on_body_impl(Text bytes, BeastError&) {
  request.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

std::size_t MessageParser::on_chunk_body_impl(std::uint64_t, Text bytes, BeastError&) {
  request.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

RequestParser::RequestParser(std::size_t header_bytes, std::size_t body_bytes, const BodyRules& rules)
    : header_bytes_(header_bytes), message_(body_bytes, rules) {
  // The scanner has measured the head when Beast sees it, but Beast's own bound (8 KiB) also holds for it.
  message_.header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(header_bytes, std::numeric_limits<std::uint32_t>::max() - 64) + 64));
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t taken = 0;
  if (!head_complete()) taken = feed_head(bytes);
  if (state_ == State::need_more && head_complete()) taken += feed_body(bytes.substr(taken));
  return taken;
}

std::size_t RequestParser::feed_head(std::string_view bytes) {
  // Some clients end a body with a line feed too many; RFC 9112 section 2.2 asks to overlook it.
  std::size_t blank = 0;
  while (bytes.substr(blank).starts_with("\r\n")) blank += 2;
  const auto head = bytes.substr(blank);
  if (head.empty() || head == "\r") return blank;
  if (blank > 0) return blank + feed_head(head);

  switch (scanner_.scan(head.substr(0, header_bytes_))) {
    case HeadScanner::Verdict::malformed:
      fail(ErrorCode::malformed_request, "The request cannot be read: " + std::string(scanner_.fault()) + ".");
      return 0;
    case HeadScanner::Verdict::need_more:
      if (head.size() >= header_bytes_)
        fail(ErrorCode::header_too_large,
             "The request line and headers are longer than " + std::to_string(header_bytes_) + " bytes.");
      return 0;
    case HeadScanner::Verdict::found: return put(head.substr(0, scanner_.head_size()));
  }
  return 0;
}

std::size_t RequestParser::feed_body(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto taken = put(bytes);
  // Body bytes are always taken; what is left over is the line of a chunk or the trailer, and those have a bound too.
  if (state_ == State::need_more && bytes.size() - taken > header_bytes_)
    fail(ErrorCode::header_too_large, "The lines between the chunks of the body are too long.");
  return taken;
}

std::size_t RequestParser::put(std::string_view bytes) {
  boost::beast::error_code ec;
  const auto taken = message_.put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (ec == http::error::body_limit) {
    fail(ErrorCode::payload_too_large, "The body is larger than this server takes.");
  } else if (ec && ec != http::error::need_more) {
    const auto why = message_.fault.empty() ? ec.message() : std::string(message_.fault);
    fail(ErrorCode::malformed_request, "The request cannot be read: " + why + ".");
  } else if (message_.is_done()) {
    state_ = State::complete;
  }
  return taken;
}

bool RequestParser::expects_continue() const {
  if (!head_complete() || state_ != State::need_more || message_.version < 11) return false;
  const auto expect = message_.request.header("expect");
  return expect && equals_ignoring_case(*expect, "100-continue");
}

void RequestParser::fail(ErrorCode code, std::string message) {
  state_ = State::failed;
  error_ = Error{code, std::move(message), false, {}};
}

}  // namespace troupe::ingress
