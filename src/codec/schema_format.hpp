// The `format`s of JSON Schema that are checked; others are notes to the reader, as the standard allows.
#pragma once

#include <string_view>

namespace troupe {

/// What the text should be ("a date, as in 2026-11-21") when it breaks the format; empty when it keeps it.
std::string_view breaks_format(std::string_view format, std::string_view text);

}  // namespace troupe
