// When a schedule is due: cron expressions, read in the local time of a zone.
//
//   expression = macro | minute hour day-of-month month day-of-week      separated by spaces or tabs
//   macro      = "@hourly" | "@daily" | "@midnight" | "@weekly" | "@monthly" | "@yearly" | "@annually"
//   field      = item {"," item}
//   item       = value | range ["/" step]
//   range      = "*" | value "-" value
//   value      = a number, or the first three letters of a month or a day of the week, in any case
//
//   minute 0-59, hour 0-23, day-of-month 1-31, month 1-12 or JAN-DEC, day-of-week 0-7 or SUN-SAT (0 and 7 are Sunday)
//
// Days. If neither day field begins with `*`, a day matches when one of them does; else both must (Vixie's rule).
//
// Clock changes. An expression that names every hour goes by the clock: it is due at each minute that the clock shows
// and that it matches, in a repeated hour both times, and what the clock leaves out is not made up for. Any other
// expression names times of the day, and each of these comes once a day: in a gap, at the first moment after it (once,
// however many fell into it); in a repeated hour, the first time only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/time_zone.hpp"

namespace troupe {

inline constexpr std::size_t kCronBytes = 256;

/// A parsed expression. Bit n of a field: it matches n.
struct CronExpression {
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days = 0;
  std::uint16_t months = 0;
  std::uint8_t weekdays = 0;     ///< bit 0: Sunday
  bool needs_both_days = false;  ///< a day must match by both day fields; else by one of them

  bool names_every_hour() const { return hours == (1U << 24) - 1; }
  bool operator==(const CronExpression&) const = default;
};

/// Fails with validation_failed: a message that names the field, the place and what is allowed there. What can never
/// be due (31 February) is refused.
Result<CronExpression> parse_cron(std::string_view text);

/// The first time after `after`. Nothing if there is none within kCronSearchYears: a leap day on a given day of the
/// week comes after 40 years at the latest, so there always is.
std::optional<Timestamp> next_after(const CronExpression& cron, const TimeZone& zone, Timestamp after);
inline constexpr int kCronSearchYears = 41;

/// The last times from `from` to `until` (both included), in order; `limit` at most.
std::vector<Timestamp> last_times(const CronExpression& cron, const TimeZone& zone, Timestamp from, Timestamp until,
                                  std::size_t limit);

}  // namespace troupe
