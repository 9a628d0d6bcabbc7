#include "image/thumbnail.hpp"

#include "image/png.hpp"
#include "image/resize.hpp"
#include "image/type_card.hpp"

namespace troupe {

Result<std::string> thumbnail_png(std::string_view png, int side) {
  auto image = decode_png(png);
  if (!image) return std::move(image).error();
  const Size size{image->width(), image->height()};
  const Size small = fit_within(size, side);
  return encode_png(small == size ? *image : downscale(*image, small));
}

std::string thumbnail_or_card(std::string_view bytes, std::string_view media_type, std::string_view name) {
  auto thumbnail = thumbnail_png(bytes);
  return thumbnail ? std::move(*thumbnail) : type_card_png(media_type, name);
}

}  // namespace troupe
