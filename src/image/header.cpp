#include "image/header.hpp"

namespace troupe {
namespace {

using namespace std::string_view_literals;

std::uint32_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::uint32_t big_endian_16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

std::uint32_t big_endian_32(std::string_view bytes, std::size_t at) {
  return big_endian_16(bytes, at) << 16 | big_endian_16(bytes, at + 2);
}

std::optional<ImageHeader> sized(std::string media_type, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0) return std::nullopt;
  return ImageHeader{std::move(media_type), width, height};
}

/// 8 bytes of signature, then the IHDR chunk: length 13, name, width, height.
std::optional<ImageHeader> png_header(std::string_view bytes) {
  if (bytes.size() < 24 || bytes.substr(8, 8) != "\0\0\0\rIHDR"sv) return std::nullopt;
  return sized("image/png", big_endian_32(bytes, 16), big_endian_32(bytes, 20));
}

/// Start of frame: C0–CF but for the tables DHT (C4), JPG (C8) and DAC (CC).
bool is_frame(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool stands_alone(std::uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

/// Segments FF xx, length (which counts itself), payload; until the frame header. Scan data before it is malformed.
std::optional<ImageHeader> jpeg_header(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (byte_at(bytes, at) != 0xFF) return std::nullopt;
    const std::uint32_t marker = byte_at(bytes, at + 1);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (stands_alone(marker)) {
      at += 2;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) return std::nullopt;
    if (is_frame(marker)) {
      if (at + 9 > bytes.size()) return std::nullopt;
      return sized("image/jpeg", big_endian_16(bytes, at + 7), big_endian_16(bytes, at + 5));
    }
    const std::uint32_t length = big_endian_16(bytes, at + 2);
    if (length < 2) return std::nullopt;
    at += 2 + length;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageHeader> image_header(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return png_header(bytes);
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return jpeg_header(bytes);
  return std::nullopt;
}

}  // namespace troupe
