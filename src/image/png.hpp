// PNG in and out, over libpng (the only room that includes it). Input is taken to be hostile: dimensions and memory are
// bounded before anything is allocated, and corrupted data is an expected failure. libpng reports errors by longjmp;
// that never leaves the two .cpp files.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// One text chunk. Written as tEXt when the value is ASCII, else as iTXt (UTF-8).
struct PngText {
  std::string keyword;  ///< 1–79 printable ASCII characters: Software, Description …
  std::string value;    ///< UTF-8 without NUL
};

struct PngOptions {
  std::vector<PngText> texts;
  int compression = 6;  ///< zlib level, 1 (fast) to 9 (small)
  /// Asked every few rows; when it says false, encoding ends with `cancelled`. Empty: never asked.
  std::function<bool()> keep_going;
};

Result<std::string> encode_png(const Image& image, const PngOptions& options = {});

/// What decode_png will take on. The defaults keep one decoding below about 200 MB.
struct DecodeLimits {
  int side_max = 16'384;
  std::uint64_t pixels_max = 32'000'000;
};

/// Any PNG, as 8-bit RGB: palettes and grey are expanded, 16 bits are cut to 8, transparency is laid over white.
/// Fails with `unsupported_media_type` (not a PNG), `payload_too_large` (above the limits) or `validation_failed`
/// (corrupted or cut off).
Result<Image> decode_png(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace troupe
