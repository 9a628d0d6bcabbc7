#include "codec/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace troupe {
namespace {

/// How many bytes the sequence at `at` has; 0 if it is not well-formed.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at + i < text.size() ? text[at + i] : 0); };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char lead = byte(0), next = byte(1);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead < 0xC2 || !continues(1)) return 0;
  if (lead < 0xE0) return 2;
  if (!continues(2)) return 0;
  if (lead < 0xF0) return (lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) ? 0 : 3;
  if (lead > 0xF4 || !continues(3)) return 0;
  return (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F) ? 0 : 4;
}

}  // namespace

// A byte that has to be looked at sets the highest bit of its place in one of the four terms. (A borrow may also mark
// places above it: the first one is found byte by byte.)
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::size_t plain_json_prefix(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word; };
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t below_space = (word - kOnes * ' ') & ~word;
    if (((word | below_space | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\')) & kOnes * 0x80) != 0)
      break;
  }
  const auto is_plain = [](char c) { return static_cast<std::int8_t>(c) >= ' ' && c != '"' && c != '\\'; };
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

bool is_ascii(std::string_view text) {
  std::uint64_t bits = 0;
  for (std::uint64_t word = 0; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
    std::memcpy(&word, text.data(), sizeof word);
    bits |= word;
  }
  for (char c : text) bits |= static_cast<std::uint8_t>(c);
  return (bits & 0x8080'8080'8080'8080) == 0;
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace troupe
