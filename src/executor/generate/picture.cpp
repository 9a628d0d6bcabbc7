#include "executor_generate/picture.hpp"

#include "image/png.hpp"

namespace troupe::generate {
namespace {

// Level 4 takes half the time of zlib's default for 3 % more bytes on these pictures.
constexpr int kCompression = 4;

std::uint64_t seed_of(const Request& request, int ordinal) {
  const std::uint64_t from_prompt = mix_bits(hash_text(request.prompt) ^ mix_bits(request.seed));
  return mix_bits(from_prompt + static_cast<std::uint64_t>(ordinal));
}

}  // namespace

Picture::Picture(const Request& request, int ordinal)
    : request_(request), ordinal_(ordinal), canvas_(request.width, request.height) {}

bool Picture::paint(PaintMonitor& monitor) {
  Chance chance(seed_of(request_, ordinal_));
  const Palette palette = varied(palette_for(words_of(request_.prompt), hash_text(request_.prompt)), chance);
  Painting painting{canvas_, palette, chance.next(), monitor};
  return generate::paint(request_.style, painting);
}

std::optional<Image> Picture::develop(PaintMonitor& monitor) const {
  Image image(canvas_.width(), canvas_.height());
  for (int y = 0; y < image.height(); ++y) {
    if (y % 16 == 0 && !monitor.advance(1)) return std::nullopt;
    canvas_.develop_row(y, image.row(y));
  }
  return image;
}

Result<std::string> Picture::encode(const Image& image, PaintMonitor& monitor) const {
  PngOptions options;
  options.compression = kCompression;
  options.texts = {{"Software", "Troupe generate"},
                   {"prompt", request_.prompt},
                   {"seed", std::to_string(request_.seed)},
                   {"style", std::string(style_text(request_.style))},
                   {"ordinal", std::to_string(ordinal_)}};
  options.keep_going = [&monitor] { return monitor.advance(1); };
  return encode_png(image, options);
}

}  // namespace troupe::generate
