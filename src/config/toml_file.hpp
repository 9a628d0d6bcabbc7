// TOML text as a tree of raw values with their lines. The only file of the room that knows toml++.
#pragma once

#include <string>
#include <string_view>

#include "config/value.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// A table. Fails with invalid_configuration and one fault at `name:LINE`.
Result<RawValue> parse_toml(std::string_view text, const std::string& name);

}  // namespace troupe
