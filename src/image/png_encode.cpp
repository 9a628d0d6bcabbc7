#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/png.hpp"
#include "image/png_messages.hpp"

namespace troupe {
namespace {

/// What libpng's callbacks see. Lives in encode_png's frame, above the setjmp, so that a longjmp skips no destructor.
struct Encoding {
  std::string out;
  char message[128] = {};
  bool out_of_memory = false;
  bool stopped = false;
};

void on_write(png_structp png, png_bytep data, png_size_t size) {
  auto* encoding = static_cast<Encoding*>(png_get_io_ptr(png));
  try {
    encoding->out.append(reinterpret_cast<const char*>(data), size);
  } catch (...) {
    encoding->out_of_memory = true;
  }
  if (encoding->out_of_memory) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::vector<png_text> text_chunks(const std::vector<PngText>& texts) {
  std::vector<png_text> chunks;
  for (const PngText& text : texts) {
    png_text chunk{};
    chunk.compression = is_ascii(text.value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    // libpng's struct is not const-correct; it only reads these.
    chunk.key = const_cast<char*>(text.keyword.c_str());
    chunk.text = const_cast<char*>(text.value.c_str());
    chunks.push_back(chunk);
  }
  return chunks;
}

/// Everything between setjmp and the last call that may jump. Only trivial objects live in this frame.
bool write_image(png_structp png, png_infop info, const Image& image, const PngOptions& options,
                 const std::vector<png_text>& texts, Encoding& encoding) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, &encoding, on_write, on_flush);
  png_set_compression_level(png, options.compression);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width()), static_cast<png_uint_32>(image.height()), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  if (!texts.empty()) png_set_text(png, info, texts.data(), static_cast<int>(texts.size()));
  png_write_info(png, info);
  for (int y = 0; y < image.height(); ++y) {
    if (y % 16 == 0 && options.keep_going && !options.keep_going()) {
      encoding.stopped = true;
      return false;
    }
    png_write_row(png, reinterpret_cast<png_const_bytep>(image.row(y)));
  }
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

Result<std::string> encode_png(const Image& image, const PngOptions& options) {
  TROUPE_ASSERT(!image.empty(), "an empty image has no PNG");
  Encoding encoding;
  const std::vector<png_text> texts = text_chunks(options.texts);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoding, on_png_error<Encoding>, on_png_warning);
  if (png == nullptr) return {ErrorCode::internal, "libpng could not be started"};
  png_infop info = png_create_info_struct(png);
  const bool written = info != nullptr && write_image(png, info, image, options, texts, encoding);
  png_destroy_write_struct(&png, &info);
  if (encoding.stopped) return {ErrorCode::cancelled, "encoding was stopped"};
  if (!written) return {ErrorCode::internal, std::string("PNG could not be written: ") + encoding.message};
  return std::move(encoding.out);
}

}  // namespace troupe
