#include "codec/bitmap_codec.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe {
namespace {

constexpr std::size_t kLiteralMax = 0x80;
constexpr std::size_t kRepeatMax = 0x4000;
constexpr std::uint8_t kZeros = 0x80, kOnes = 0xC0;

bool repeats(std::uint8_t byte) { return byte == 0x00 || byte == 0xFF; }

}  // namespace

std::string encode_bitmap(const Bitmap& bitmap) {
  const std::vector<std::uint8_t>& bytes = bitmap.bytes();
  std::string runs;
  for (auto at = bytes.begin(); at != bytes.end();) {
    const auto left = static_cast<std::size_t>(bytes.end() - at);
    const auto longest = at + static_cast<std::ptrdiff_t>(std::min(left, repeats(*at) ? kRepeatMax : kLiteralMax));
    const auto end = repeats(*at) ? std::find_if(at, longest, [&](std::uint8_t byte) { return byte != *at; })
                                  : std::find_if(at, longest, repeats);
    const auto length = static_cast<std::size_t>(end - at) - 1;
    if (repeats(*at)) {
      runs += static_cast<char>((*at == 0 ? kZeros : kOnes) + (length >> 8));
      runs += static_cast<char>(length & 0xFF);
    } else {
      runs += static_cast<char>(length);
      runs.append(at, end);
    }
    at = end;
  }
  return runs;
}

std::optional<Bitmap> decode_bitmap(std::string_view runs) {
  std::vector<std::uint8_t> bytes;
  while (!runs.empty()) {
    const auto head = static_cast<std::uint8_t>(runs[0]);
    runs.remove_prefix(1);
    if (head < kZeros) {
      const std::size_t length = head + std::size_t{1};
      if (runs.size() < length) return std::nullopt;
      bytes.insert(bytes.end(), runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(length));
      runs.remove_prefix(length);
    } else {
      if (runs.empty()) return std::nullopt;
      const bool ones = head >= kOnes;
      const std::size_t length =
          (static_cast<std::size_t>(head - (ones ? kOnes : kZeros)) << 8 | static_cast<std::uint8_t>(runs[0])) + 1;
      if (bytes.size() + length > kBitmapBytesMax) return std::nullopt;
      bytes.insert(bytes.end(), length, ones ? 0xFF : 0x00);
      runs.remove_prefix(1);
    }
    if (bytes.size() > kBitmapBytesMax) return std::nullopt;
  }
  return Bitmap::from_bytes(std::move(bytes));
}

}  // namespace troupe
