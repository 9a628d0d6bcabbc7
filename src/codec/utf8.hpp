// Text at a glance: is it UTF-8 (for what a parser would guess or mend), and what of it may stand in JSON as it is?
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe {

/// The position of the first byte that is not part of well-formed UTF-8 (RFC 3629: shortest forms, no surrogates), or
/// is NUL; npos if there is none.
std::size_t find_invalid_utf8(std::string_view text);

/// No byte above 0x7F: most text can be told to be well-formed by that, eight bytes at a time.
bool is_ascii(std::string_view text);

/// In text that is well-formed.
std::size_t count_characters(std::string_view text);

/// How many bytes at the start are ASCII that stands in a JSON string as it is: printable, and neither `"` nor `\`.
std::size_t plain_json_prefix(std::string_view text);

}  // namespace troupe
