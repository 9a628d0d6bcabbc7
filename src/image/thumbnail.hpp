// The preview of an asset: the picture made small, or a card that shows what kind of file it is.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/limits.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// Of a PNG: a PNG whose longer side is at most `side`, proportions kept, never enlarged. Fails as decode_png does.
Result<std::string> thumbnail_png(std::string_view png, int side = limits::kThumbnailSide);

/// Never fails: what is not a PNG that we can read gets its type card (type_card.hpp).
std::string thumbnail_or_card(std::string_view bytes, std::string_view media_type, std::string_view name);

}  // namespace troupe
