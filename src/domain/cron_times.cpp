// The times of a cron expression in a zone. The time line is walked stretch by stretch, each of one offset, so that
// local time and UTC run side by side; what is special about clock changes happens between two stretches.
#include <algorithm>
#include <deque>

#include "troupe/domain/cron.hpp"

namespace troupe {
namespace {

// Local time as milliseconds or minutes since 1970, as if it were UTC.
constexpr std::int64_t kMinute = 60'000, kDayMinutes = 1440;
/// Longer than any clock was ever set back.
constexpr Millis kLookBack{48 * 60 * kMinute};
constexpr Millis kSearch{kCronSearchYears * 366LL * kDayMinutes * kMinute};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return -floor_div(-a, b); }

bool has(std::uint64_t marks, unsigned bit) { return (marks >> bit & 1) != 0; }

bool matches_day(const CronExpression& cron, const std::chrono::year_month_day& date, std::chrono::sys_days day) {
  const bool by_month = has(cron.days, static_cast<unsigned>(date.day()));
  const bool by_week = has(cron.weekdays, std::chrono::weekday(day).c_encoding());
  return cron.needs_both_days ? by_month && by_week : by_month || by_week;
}

/// The first minute of the day from `minute` on.
std::optional<std::int64_t> match_in_day(const CronExpression& cron, std::int64_t minute) {
  for (; minute < kDayMinutes; ++minute) {
    if (!has(cron.hours, static_cast<unsigned>(minute / 60)))
      minute = (minute / 60 + 1) * 60 - 1;
    else if (has(cron.minutes, static_cast<unsigned>(minute % 60)))
      return minute;
  }
  return {};
}

/// The first matching local minute from `from` on, before `to`.
std::optional<std::int64_t> first_match(const CronExpression& cron, std::int64_t from, std::int64_t to) {
  using std::chrono::days;
  using std::chrono::sys_days;
  sys_days day{days(floor_div(from, kDayMinutes))};
  std::int64_t minute = from - day.time_since_epoch().count() * kDayMinutes;
  while (day.time_since_epoch().count() * kDayMinutes < to) {
    const std::chrono::year_month_day date(day);
    if (!has(cron.months, static_cast<unsigned>(date.month()))) {
      day = sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
      minute = 0;
      continue;
    }
    if (matches_day(cron, date, day))
      if (const auto found = match_in_day(cron, minute)) {
        const std::int64_t at = day.time_since_epoch().count() * kDayMinutes + *found;
        return at < to ? std::optional(at) : std::nullopt;
      }
    day += days(1);
    minute = 0;
  }
  return {};
}

/// Same, in milliseconds.
std::optional<std::int64_t> first_match_ms(const CronExpression& cron, std::int64_t from, std::int64_t to) {
  const auto found = first_match(cron, ceil_div(from, kMinute), ceil_div(to, kMinute));
  return found ? std::optional(*found * kMinute) : std::nullopt;
}

}  // namespace

std::optional<Timestamp> next_after(const CronExpression& cron, const TimeZone& zone, Timestamp after) {
  const bool by_clock = cron.names_every_hour();
  const Timestamp end = after + kSearch;
  Timestamp begin = after - kLookBack;
  std::int64_t shown = INT64_MIN;  // local times before this were on the clock already
  while (begin < end) {
    const std::int64_t offset = zone.offset_at(begin).count();
    const auto change = zone.next_change(begin);
    const Timestamp until = change ? std::min(*change, end) : end;
    const std::int64_t local_until = to_unix_ms(until) + offset;
    if (until > after) {
      std::int64_t from = to_unix_ms(std::max(begin, after + Millis(1))) + offset;
      if (!by_clock) from = std::max(from, shown);
      if (const auto local = first_match_ms(cron, from, local_until)) return from_unix_ms(*local - offset);
    }
    shown = std::max(shown, local_until);
    if (!by_clock && until > after && until < end) {
      const std::int64_t local_after = to_unix_ms(until) + zone.offset_at(until).count();
      if (first_match_ms(cron, shown, local_after)) return until;
    }
    begin = until;
  }
  return {};
}

std::vector<Timestamp> last_times(const CronExpression& cron, const TimeZone& zone, Timestamp from, Timestamp until,
                                  std::size_t limit) {
  // From a year of minutes only the last are wanted: look at a stretch before the end that grows until it has enough.
  constexpr Millis kFirstStretch{60 * kMinute};
  for (Millis stretch = kFirstStretch;; stretch *= 4) {
    const Timestamp begin = std::max(from, until - stretch);
    std::deque<Timestamp> times;
    for (auto at = next_after(cron, zone, begin - Millis(1)); at && *at <= until; at = next_after(cron, zone, *at)) {
      times.push_back(*at);
      if (times.size() > limit) times.pop_front();
    }
    if (times.size() == limit || begin == from) return {times.begin(), times.end()};
  }
}

}  // namespace troupe
