// Time zones by name, from the machine's database (/usr/share/zoneinfo, or TZDIR), which the package tzdata brings.
//
// A zone is read once and kept: changed rules hold from the next start on.
#pragma once

#include <string_view>

#include "troupe/domain/time_zone.hpp"

namespace troupe {

/// `Europe/Berlin`. Fails with validation_failed: the message tells whether there is no such zone or no database; `UTC`
/// works without one. Reads a file at the first time. Thread-safe.
Result<TimeZonePtr> find_time_zone(std::string_view name);

}  // namespace troupe
