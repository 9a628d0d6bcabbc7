// `key=value` arguments and JSON files as the members of an object.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "codec/json.hpp"

namespace troupe::cli {

/// Each `key=value` becomes a member: the value is JSON if it parses, else a string. Fails with invalid_config.
Result<Json> read_assignments(const std::vector<std::string>& assignments, Json object = Json::object());

/// The text of a file, or of `in` for `-`. Fails with io_failed.
Result<std::string> read_file(const std::string& path, std::istream& in);
/// A JSON object out of a file, or of `in` for `-`.
Result<Json> read_object(const std::string& path, std::istream& in);

}  // namespace troupe::cli
