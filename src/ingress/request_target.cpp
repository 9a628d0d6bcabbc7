#include "ingress/request_target.hpp"

#include <cstdint>

#include "troupe/base/ascii.hpp"
#include "troupe/base/bytes.hpp"

namespace troupe::ingress {
namespace {

std::optional<std::string> percent_decode(std::string_view text) {
  if (text.find('%') == text.npos) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high | low) == 0) return std::nullopt;
    decoded += static_cast<char>((high << 4) | low);
    i += 2;
  }
  return decoded;
}

/// How many bytes follow this first byte of a UTF-8 sequence; -1 if none may begin so.
int bytes_after(std::uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return -1;
}

/// Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
bool second_byte_fits(std::uint8_t first, std::uint8_t second) {
  switch (first) {
    case 0xE0: return second >= 0xA0;
    case 0xED: return second <= 0x9F;
    case 0xF0: return second >= 0x90;
    case 0xF4: return second <= 0x8F;
    default: return true;
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const int after = bytes_after(first);
    if (after < 0 || i + static_cast<std::size_t>(after) >= text.size()) return false;
    if (after > 0 && !second_byte_fits(first, static_cast<std::uint8_t>(text[i + 1]))) return false;
    for (int k = 0; k < after; ++k)
      if ((static_cast<std::uint8_t>(text[++i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

/// What follows the authority of an absolute target; nothing if the target is not absolute.
std::optional<std::string_view> after_authority(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto authority = target.substr(scheme.size());
    const auto end = authority.find_first_of("/?");
    return end == authority.npos ? std::string_view() : authority.substr(end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<RequestTarget> parse_target(std::string_view method, std::string_view target) {
  if (target.empty() || target.find('#') != target.npos) return std::nullopt;
  if (target == "*" || method == "CONNECT") return RequestTarget{std::string(target), {}};
  if (target.front() != '/') {
    const auto rest = after_authority(target);
    if (!rest) return std::nullopt;
    target = *rest;
  }
  const auto mark = target.find('?');
  auto path = percent_decode(target.substr(0, mark));
  if (!path || !is_utf8(*path)) return std::nullopt;
  if (path->empty()) *path = "/";
  return RequestTarget{std::move(*path), mark == target.npos ? std::string() : std::string(target.substr(mark + 1))};
}

}  // namespace troupe::ingress
