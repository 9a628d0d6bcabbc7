// Names and strings within the text of a jq expression.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "troupe/base/ascii.hpp"

namespace troupe {

constexpr bool is_jq_name_start(char c) { return is_letter(c) || c == '_'; }
constexpr bool is_jq_name_char(char c) { return is_letter_or_digit(c) || c == '_'; }

/// The end of the string that begins at `at`, with the expressions within it.
inline std::size_t jq_string_end(std::string_view jq, std::size_t at) {
  std::string open = "\"";
  for (++at; at < jq.size() && !open.empty(); ++at) {
    const char c = jq[at];
    if (open.back() == '"') {
      if (c == '"')
        open.pop_back();
      else if (c == '\\' && ++at < jq.size() && jq[at] == '(')
        open += '(';
    } else if (c == '"' || c == '(') {
      open += c;
    } else if (c == ')') {
      open.pop_back();
    }
  }
  return std::min(at, jq.size());
}

}  // namespace troupe
