// A drawn card for an asset that has no picture of its own: a sheet with a pictogram of its kind and its extension.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

enum class FileKind { document, image, audio, video, archive, data, other };

/// By media type first, then by the name's extension.
FileKind file_kind(std::string_view media_type, std::string_view name);

/// What the card says: the name's extension in capitals, else the media type's subtype; at most five characters.
std::string card_label(std::string_view media_type, std::string_view name);

/// A PNG of limits::kThumbnailSide squared. The same arguments give the same bytes.
std::string type_card_png(std::string_view media_type, std::string_view name);

}  // namespace troupe
