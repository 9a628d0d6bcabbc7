#include "cli/assignments.hpp"

#include <fstream>
#include <iterator>

namespace troupe::cli {

Result<Json> read_assignments(const std::vector<std::string>& assignments, Json object) {
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{ErrorCode::wrong_usage, "'" + assignment + "' is not KEY=VALUE", false, {}};
    const std::string value = assignment.substr(equals + 1);
    auto parsed = parse_json(value);
    object[assignment.substr(0, equals)] = parsed ? std::move(*parsed) : Json(value);
  }
  return object;
}

Result<std::string> read_file(const std::string& path, std::istream& in) {
  if (path == "-") return std::string{std::istreambuf_iterator<char>(in), {}};
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // A folder opens, but cannot be read.
  if (!file.is_open() || file.bad())
    return Error{ErrorCode::io_failed, "the file " + path + " cannot be read", false, {}};
  return text;
}

Result<Json> read_object(const std::string& path, std::istream& in) {
  const auto text = read_file(path, in);
  if (!text) return text.error();
  auto value = parse_json(*text);
  const std::string name = path == "-" ? "standard input" : path;
  if (!value) return Error{value.error().code, name + ": " + value.error().message, false, {}};
  if (!value->is_object()) return Error{ErrorCode::malformed_json, name + " is not a JSON object", false, {}};
  return value;
}

}  // namespace troupe::cli
