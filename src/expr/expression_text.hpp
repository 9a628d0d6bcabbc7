// The text of an expression, for messages: its parts, and as much of it as is quoted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Without blanks at both ends.
std::string without_blanks(std::string_view expression);

/// On one line, and cut with an ellipsis when it is long.
std::string excerpt(std::string_view expression);

/// Its parts: words, numbers, whole strings, brackets, signs. A line break between any two of them means nothing to jq.
/// Comments are none.
std::vector<std::string_view> expression_parts(std::string_view expression);

}  // namespace troupe
