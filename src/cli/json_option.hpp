// The value of an option that is JSON, or text.
#pragma once

#include <string>

#include "codec/json.hpp"

namespace troupe::cli {

/// Text that is no JSON stands for itself, unless it was certainly meant to be JSON: then wrong_usage, with the place.
Result<Json> json_or_text(const std::string& option, const std::string& text);

}  // namespace troupe::cli
