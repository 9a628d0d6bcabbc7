#include "ingress/request_headers.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "troupe/base/ascii.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

template <class Number>
std::optional<Number> parse_digits(std::string_view text) {
  Number value{};
  if (text.empty() || text[0] < '0' || text[0] > '9') return {};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return {};
  if (fault == std::errc::result_out_of_range) return std::numeric_limits<Number>::max();
  return value;
}

std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

/// version "-" trace-id "-" parent-id "-" flags; later versions may add more behind another "-".
bool is_traceparent(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const auto version = text.substr(0, 2), trace = text.substr(3, 32), parent = text.substr(36, 16);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(text.substr(53, 2)))
    return false;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
  return text.size() == 55 || (version != "00" && text[55] == '-');
}

}  // namespace

std::optional<Millis> preferred_wait(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (name != "prefer") continue;
    for (auto preference : split(value, ',')) {
      preference = trim(preference.substr(0, preference.find(';')));
      const auto equals = preference.find('=');
      if (equals == std::string_view::npos || to_lower(trim(preference.substr(0, equals))) != "wait") continue;
      const auto seconds = parse_digits<int>(unquote(trim(preference.substr(equals + 1))));
      if (!seconds || *seconds == 0) return {};
      return std::chrono::seconds(std::min(*seconds, limits::kPreferWaitSeconds));
    }
  }
  return {};
}

std::string trace_of(const Request& request) {
  const auto given = request.header("traceparent");
  return given && is_traceparent(*given) ? std::string(*given) : std::string();
}

std::string_view trace_id(std::string_view traceparent) {
  return traceparent.empty() ? traceparent : traceparent.substr(3, 32);
}

Result<std::optional<std::string>> idempotency_key(const Request& request) {
  const auto header = request.header("idempotency-key");
  if (!header) return std::optional<std::string>();
  const Error malformed{ErrorCode::malformed_request,
                        "Idempotency-Key must be 1 to " + std::to_string(limits::kIdempotencyKeyChars) +
                            " printable ASCII characters, in quotes or without.",
                        false,
                        {}};
  std::string_view text = trim(*header);
  const bool in_quotes = text.starts_with('"');
  if (in_quotes && (text.size() < 2 || !text.ends_with('"'))) return malformed;
  if (in_quotes) text = unquote(text);
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c < 0x20 || c > 0x7E || c == '"') return malformed;
    if (in_quotes && c == '\\') {
      if (++i == text.size() || (text[i] != '"' && text[i] != '\\')) return malformed;
      c = text[i];
    }
    key += c;
  }
  if (key.empty() || key.size() > limits::kIdempotencyKeyChars) return malformed;
  return std::optional<std::string>(std::move(key));
}

std::optional<std::string> media_type(const Request& request) {
  const auto header = request.header("content-type");
  if (!header) return {};
  const auto parts = split(*header, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string parameter = to_lower(parts[i]);
    if (!parameter.starts_with("charset=")) continue;
    const auto charset = unquote(std::string_view(parameter).substr(8));
    if (charset != "utf-8" && charset != "us-ascii") return {};
  }
  return to_lower(parts[0]);
}

Result<std::optional<ByteRange>> byte_range(std::string_view header, std::uint64_t size) {
  const std::optional<ByteRange> all;
  constexpr std::string_view kUnit = "bytes=";
  if (!to_lower(header.substr(0, kUnit.size())).starts_with(kUnit)) return all;
  const auto range = trim(header.substr(kUnit.size()));
  const auto dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return all;
  const auto first_text = trim(range.substr(0, dash)), last_text = trim(range.substr(dash + 1));
  const auto first = parse_digits<std::uint64_t>(first_text), last = parse_digits<std::uint64_t>(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last)) return all;

  const Error outside{
      ErrorCode::range_not_satisfiable, "The content has " + std::to_string(size) + " bytes.", false, {}};
  if (!first) {  // the last so many bytes
    if (*last == 0 || size == 0) return outside;
    const auto length = std::min(*last, size);
    return std::optional(ByteRange{size - length, length});
  }
  if (last && *last < *first) return all;
  if (*first >= size) return outside;
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return std::optional(ByteRange{*first, end - *first + 1});
}

bool names_etag(std::string_view header, std::string_view etag) {
  for (auto tag : split(header, ',')) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

}  // namespace troupe::ingress
