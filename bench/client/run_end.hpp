// The event that tells the end of a run.
#pragma once

#include <optional>
#include <string_view>

#include "troupe/base/id.hpp"

namespace troupe::bench {

struct RunEnd {
  JobId job;
  bool success = false;
};

/// Of the data of a `status` event; nothing if it tells something else. Looks for members by their text, without
/// parsing the JSON: an unescaped quote cannot stand inside a JSON string, and the load client must cost little.
std::optional<RunEnd> run_end_of(std::string_view event_data);

/// The string value of a member, as it stands in the text; empty if there is none.
std::string_view string_member(std::string_view json, std::string_view quoted_name);

}  // namespace troupe::bench
