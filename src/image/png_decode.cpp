#include <png.h>

#include <csetjmp>
#include <cstring>
#include <optional>

#include "image/header.hpp"
#include "image/png.hpp"
#include "image/png_messages.hpp"

namespace troupe {
namespace {

// A chunk that no picture needs this much of; bounds what one ancillary chunk may make libpng allocate.
constexpr png_alloc_size_t kChunkBytesMax = 1 << 20;
constexpr png_uint_32 kChunksCachedMax = 16;

/// What libpng's callbacks see and what the rows are read into. Lives in decode_png's frame, above the setjmp.
struct Decoding {
  std::string_view in;
  std::vector<png_byte> rgba;   ///< one row, or the whole picture if it is interlaced
  std::vector<png_bytep> rows;  ///< only if interlaced
  Image image;
  char message[128] = {};
};

void on_read(png_structp png, png_bytep data, png_size_t size) {
  auto* decoding = static_cast<Decoding*>(png_get_io_ptr(png));
  if (size > decoding->in.size()) png_error(png, "the data ends too early");
  std::memcpy(data, decoding->in.data(), size);
  decoding->in.remove_prefix(size);
}

std::uint8_t over_white(unsigned value, unsigned alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

void lay_over_white(const png_byte* rgba, Rgb* out, int width) {
  for (int x = 0; x < width; ++x, rgba += 4) {
    out[x] = {over_white(rgba[0], rgba[3]), over_white(rgba[1], rgba[3]), over_white(rgba[2], rgba[3])};
  }
}

/// Every kind of PNG becomes 8-bit RGBA.
void ask_for_rgba(png_structp png, png_infop info) {
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
  png_read_update_info(png, info);
}

/// Step one of two, so that memory is allocated between them and not under a setjmp. False: see `message`.
bool read_header(png_structp png, png_infop info, Decoding& decoding, const DecodeLimits& limits) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, &decoding, on_read);
  png_set_user_limits(png, static_cast<png_uint_32>(limits.side_max), static_cast<png_uint_32>(limits.side_max));
  png_set_chunk_malloc_max(png, kChunkBytesMax);
  png_set_chunk_cache_max(png, kChunksCachedMax);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(png, info);
  ask_for_rgba(png, info);
  return true;
}

bool read_rows(png_structp png, Decoding& decoding) {
  if (setjmp(png_jmpbuf(png))) return false;
  if (!decoding.rows.empty()) {
    png_read_image(png, decoding.rows.data());
  } else {
    for (int y = 0; y < decoding.image.height(); ++y) {
      png_read_row(png, decoding.rgba.data(), nullptr);
      lay_over_white(decoding.rgba.data(), decoding.image.row(y), decoding.image.width());
    }
  }
  png_read_end(png, nullptr);
  return true;
}

/// False when libpng's idea of a row is not ours.
bool make_room(png_structp png, png_infop info, Decoding& decoding) {
  const int width = static_cast<int>(png_get_image_width(png, info));
  const int height = static_cast<int>(png_get_image_height(png, info));
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  if (row_bytes != static_cast<std::size_t>(width) * 4) return false;
  const bool interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  decoding.image = Image(width, height);
  decoding.rgba.resize(interlaced ? row_bytes * static_cast<std::size_t>(height) : row_bytes);
  if (interlaced) {
    for (int y = 0; y < height; ++y) {
      decoding.rows.push_back(decoding.rgba.data() + row_bytes * static_cast<std::size_t>(y));
    }
  }
  return true;
}

std::optional<Error> refuse_by_header(std::string_view bytes, const DecodeLimits& limits) {
  const auto header = image_header(bytes);
  if (!header || header->media_type != "image/png") {
    return Error{ErrorCode::unsupported_media_type, "The data is not a PNG image.", false, {}};
  }
  const std::uint64_t pixels = std::uint64_t{header->width} * header->height;
  const auto side_max = static_cast<std::uint32_t>(limits.side_max);
  if (header->width > side_max || header->height > side_max || pixels > limits.pixels_max) {
    return Error{ErrorCode::payload_too_large,
                 "The image has " + std::to_string(header->width) + " × " + std::to_string(header->height) +
                     " pixels; at most " + std::to_string(limits.side_max) + " a side and " +
                     std::to_string(limits.pixels_max) + " in all are read.",
                 false,
                 {}};
  }
  return std::nullopt;
}

}  // namespace

Result<Image> decode_png(std::string_view bytes, const DecodeLimits& limits) {
  if (auto refused = refuse_by_header(bytes, limits)) return std::move(*refused);
  Decoding decoding;
  decoding.in = bytes;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoding, on_png_error<Decoding>, on_png_warning);
  if (png == nullptr) return {ErrorCode::internal, "libpng could not be started"};
  png_infop info = png_create_info_struct(png);
  bool read = false;
  try {
    read = info != nullptr && read_header(png, info, decoding, limits) && make_room(png, info, decoding) &&
           read_rows(png, decoding);
  } catch (const std::bad_alloc&) {
    std::strncpy(decoding.message, "not enough memory", sizeof(decoding.message) - 1);
  }
  png_destroy_read_struct(&png, &info, nullptr);
  if (!read) return {ErrorCode::validation_failed, std::string("The PNG cannot be read: ") + decoding.message};
  for (std::size_t y = 0; y < decoding.rows.size(); ++y) {
    lay_over_white(decoding.rows[y], decoding.image.row(static_cast<int>(y)), decoding.image.width());
  }
  return std::move(decoding.image);
}

}  // namespace troupe
