// Is it UTF-8? For text whose parser would guess or mend.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe {

/// The position of the first byte that is not part of well-formed UTF-8 (RFC 3629: shortest forms, no surrogates), or
/// is NUL; npos if there is none.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace troupe
