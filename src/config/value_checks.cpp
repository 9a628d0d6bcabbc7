// What the text of an address, a URL or a name must look like. Whether it works is found out by whoever uses it.
#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "config/value.hpp"

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

/// Bits of the family's addresses; nothing if it is no address.
std::optional<int> address_bits(const std::string& text) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return 32;
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return 128;
  return std::nullopt;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.') return false;
  bool dot = false;
  for (const char c : text) {
    if (!is_letter_or_digit(c) && c != '-' && c != '.' && c != '_') return false;
    if (c == '.' && dot) return false;
    dot = c == '.';
  }
  return true;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<RateLimit> parse_rate(std::string_view text) {
  constexpr std::string_view kBurst = " burst ";
  if (text == "none") return RateLimit{};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto limit = whole_number<std::uint32_t>(text.substr(0, slash));
  const std::size_t mark = text.find(kBurst, slash);
  const auto burst =
      mark == std::string_view::npos ? limit : whole_number<std::uint32_t>(text.substr(mark + kBurst.size()));
  const auto per = parse_duration(text.substr(slash + 1, mark == std::string_view::npos ? mark : mark - slash - 1));
  if (!limit || !burst || !per || *limit < 1 || *limit > RateLimit::kMost || *burst < 1 || *burst > RateLimit::kMost)
    return std::nullopt;
  if (*per <= Millis(0) || *per > RateLimit::kPerMost || *per % std::chrono::seconds(1) != Millis(0))
    return std::nullopt;
  return RateLimit{*limit, *per, *burst};
}

std::optional<std::string> check_rate(std::string_view text) {
  if (parse_rate(text)) return std::nullopt;
  return "must be like 100/1m, 100/1m burst 200 (1 to " + std::to_string(RateLimit::kMost) +
         " jobs, whole seconds up to " + format_duration(RateLimit::kPerMost) + ") or none";
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  std::string host(text.substr(0, colon));
  if (!port) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (address_bits(host) != 128) return std::nullopt;
  } else if (!is_host_name(host)) {
    return std::nullopt;
  }
  return HostPort{std::move(host), *port};
}

std::string to_string(const HostPort& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<std::string> check_http_url(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme) && text.size() > scheme.size() && text[scheme.size()] != '/') return std::nullopt;
  return "must be an http or https URL";
}

std::optional<std::string> check_database_url(std::string_view text) {
  if (text == "memory:" || text.starts_with("postgresql://") || text.starts_with("postgres://") ||
      (text.starts_with("sqlite:") && text.size() > std::string_view("sqlite:").size()))
    return std::nullopt;
  return "must be sqlite:PATH, postgresql://… or memory:";
}

std::optional<std::string> check_node_name(std::string_view text) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; };
  if (text.size() <= limits::kNameChars && std::all_of(text.begin(), text.end(), allowed)) return std::nullopt;
  return "must be 1 to 64 of A–Z a–z 0–9 . _ -";
}

std::optional<std::string> check_absolute_path(std::string_view text) {
  if (text.starts_with('/')) return std::nullopt;
  return "must be an absolute path";
}

std::optional<std::string> check_egress_entry(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const auto bits = address_bits(address);
  if (slash != std::string_view::npos) {
    const auto prefix = whole_number<int>(text.substr(slash + 1));
    if (bits && prefix && *prefix >= 0 && *prefix <= *bits) return std::nullopt;
  } else if (bits || is_host_name(text.starts_with("*.") ? text.substr(2) : text)) {
    return std::nullopt;
  }
  return "must be a CIDR block, an address, a host name or *.DOMAIN";
}

}  // namespace troupe
