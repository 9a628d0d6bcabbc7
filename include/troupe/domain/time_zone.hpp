// Port: what the clock on the wall shows. The domain asks a zone for its offset and for when that changes; where zones
// come from (src/calendar) it does not know.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Immutable; thread-safe.
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  /// Local time is UTC plus this.
  virtual Millis offset_at(Timestamp at) const = 0;
  /// The first moment after `at` from which another offset may hold; nothing: it stays for ever.
  virtual std::optional<Timestamp> next_change(Timestamp at) const = 0;
};
using TimeZonePtr = std::shared_ptr<const TimeZone>;

/// A zone by its name, as the IANA database has it: `Europe/Berlin`. Fails with validation_failed.
using FindTimeZone = std::function<Result<TimeZonePtr>(std::string_view name)>;

TimeZonePtr utc();
/// Knows `UTC` and no other.
Result<TimeZonePtr> find_utc(std::string_view name);

}  // namespace troupe
