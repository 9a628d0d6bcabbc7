#include "executor/text.hpp"

namespace troupe {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "…";

/// The length of the well-formed character at the start (RFC 3629: shortest form, no surrogates), or 0.
std::size_t character_bytes(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = character_bytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = character_bytes(bytes);
    text += length == 0 ? kReplacement : bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::string text_head(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() <= bytes_max) return to_utf8(bytes);
  std::size_t end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && is_continuation(bytes[end])) --end;
  return to_utf8(bytes.substr(0, end)) + std::string(kEllipsis);
}

std::string text_tail(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() <= bytes_max) return to_utf8(bytes);
  std::size_t start = bytes.size() - bytes_max;
  for (int i = 0; i < 3 && start < bytes.size() && is_continuation(bytes[start]); ++i) ++start;
  return std::string(kEllipsis) + to_utf8(bytes.substr(start));
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

}  // namespace troupe
