// Words of HTTP: methods and the names of headers.
#pragma once

#include <algorithm>
#include <string_view>

namespace troupe {

/// A token as RFC 9110 (5.6.2) has it.
inline bool is_token(std::string_view text) {
  const auto is_token_char = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

}  // namespace troupe
