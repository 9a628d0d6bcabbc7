#include "troupe/base/bytes.hpp"

#include <array>
#include <cstring>

namespace troupe {
namespace {

/// Both digits of every byte.
constexpr std::array<char, 512> kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte)
    pairs[2 * byte] = kDigits[byte >> 4], pairs[2 * byte + 1] = kDigits[byte & 0x0F];
  return pairs;
}();

}  // namespace

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char* write_hex(char* out, const std::uint8_t* data, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, out += 2) std::memcpy(out, &kHexPairs[2 * std::size_t{data[i]}], 2);
  return out;
}

std::string to_hex(const std::uint8_t* data, std::size_t size) {
  std::string text(size * 2, '0');
  write_hex(text.data(), data, size);
  return text;
}

std::optional<Digest> digest_from_hex(std::string_view text) {
  Digest digest{};
  if (text.size() != digest.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  return digest;
}

}  // namespace troupe
