// What an image says of itself in its first bytes, without decoding it: enough to fill an asset's width and height.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

struct ImageHeader {
  std::string media_type;  ///< by magic bytes: image/png or image/jpeg
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const ImageHeader&) const = default;
};

/// Of a PNG or JPEG; nothing for all else, and for headers that are cut off or name no pixels. A JPEG's frame header
/// may lie behind embedded thumbnails and profiles: give it the first 256 KiB, or all there is.
std::optional<ImageHeader> image_header(std::string_view bytes);

}  // namespace troupe
