// Bytes from outside (responses, what programs print) as text that may stand in JSON and in a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

bool is_utf8(std::string_view bytes);
/// The same text, with U+FFFD in place of each byte that is no UTF-8.
std::string to_utf8(std::string_view bytes);
/// The first (or last) bytes, not within a character, valid UTF-8, with … where something was left out.
std::string text_head(std::string_view bytes, std::size_t bytes_max);
std::string text_tail(std::string_view bytes, std::size_t bytes_max);
/// Control characters (line breaks too) as spaces, for messages of one line.
std::string one_line(std::string text);

}  // namespace troupe
