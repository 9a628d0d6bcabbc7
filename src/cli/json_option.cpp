#include "cli/json_option.hpp"

namespace troupe::cli {

Result<Json> json_or_text(const std::string& option, const std::string& text) {
  auto value = parse_json(text);
  if (value) return value;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || std::string_view("{[\"").find(text[first]) == std::string_view::npos)
    return Json(text);
  return Error{ErrorCode::wrong_usage, option + " begins like JSON, but is none: " + value.error().message, false, {}};
}

}  // namespace troupe::cli
