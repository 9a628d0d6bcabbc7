// What next_after gives, against a search that knows nothing: it looks at every minute of real time in turn, asks what
// the clock shows, and keeps a list of what was shown before.
#include <map>
#include <set>

#include "calendar/time_zones.hpp"
#include "domain/property.hpp"
#include "troupe/domain/cron.hpp"

namespace troupe {
namespace {

constexpr std::int64_t kMinute = 60'000;

std::string random_field(Choices& choices, int low, int high, bool often_all) {
  if (choices.chance(often_all ? 60 : 20))
    return choices.chance(15) ? "*/" + std::to_string(1 + choices.number(high)) : "*";
  std::string text;
  for (std::uint32_t items = 1 + choices.number(3); items > 0; --items) {
    const int first = low + static_cast<int>(choices.number(static_cast<std::uint32_t>(high - low + 1)));
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (!choices.chance(30)) continue;
    const int last = first + static_cast<int>(choices.number(static_cast<std::uint32_t>(high - first + 1)));
    text += "-" + std::to_string(last);
    if (choices.chance(40)) text += "/" + std::to_string(1 + choices.number(static_cast<std::uint32_t>(high)));
  }
  return text;
}

std::string random_cron(Choices& choices) {
  // Often at the hours in which clocks change.
  const std::string hour = choices.chance(40) ? choices.one_of<std::string>({"2", "1,2", "0-3", "*", "1-2", "0"})
                                              : random_field(choices, 0, 23, false);
  std::string cron = random_field(choices, 0, 59, false) + " " + hour;
  if (choices.chance(60)) return cron + " * * *";
  return cron + " " + random_field(choices, 1, 31, true) + " " + random_field(choices, 1, 12, true) + " " +
         random_field(choices, 0, 6, true);
}

/// By the text of the calendar and nothing else.
bool shows_match(const CronExpression& cron, std::int64_t local_ms) {
  const std::string text = format_rfc3339(from_unix_ms(local_ms));
  const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(text.substr(at, size)); };
  const std::int64_t day = local_ms / (1440 * kMinute);
  const bool by_month = (cron.days >> number(8, 2) & 1) != 0, by_week = (cron.weekdays >> ((day + 4) % 7) & 1) != 0;
  return (cron.minutes >> number(14, 2) & 1) != 0 && (cron.hours >> number(11, 2) & 1) != 0 &&
         (cron.months >> number(5, 2) & 1) != 0 && (cron.needs_both_days ? by_month && by_week : by_month || by_week);
}

/// The first after `after` and before `end`, minute by minute.
std::optional<Timestamp> searched(const CronExpression& cron, const TimeZone& zone, Timestamp after, Timestamp end) {
  const bool by_clock = cron.names_every_hour();
  std::int64_t shown = INT64_MIN;
  Timestamp at = from_unix_ms((to_unix_ms(after) / kMinute - 30 * 60) * kMinute);  // clocks are set back by less
  for (; at < end; at += Millis(kMinute)) {
    const std::int64_t local = to_unix_ms(at) + zone.offset_at(at).count();
    bool due = by_clock || local > shown ? shows_match(cron, local) : false;
    if (!by_clock && shown != INT64_MIN)
      for (std::int64_t left_out = shown + kMinute; left_out < local; left_out += kMinute)
        due = due || shows_match(cron, left_out);
    shown = std::max(shown, local);
    if (due && at > after) return at;
  }
  return {};
}

TEST(CronProperty, TheNextTimeIsTheFirstThatMatches) {
  const std::vector<std::string> names = {"UTC",
                                          "Europe/Berlin",
                                          "America/New_York",
                                          "Australia/Lord_Howe",
                                          "Asia/Kathmandu",
                                          "America/Santiago",
                                          "Africa/Casablanca"};
  std::map<std::string, TimeZonePtr> zones;
  for (const std::string& name : names) zones[name] = *find_time_zone(name);
  check_property([&](Choices& choices) {
    const TimeZone& zone = *zones[choices.one_of(names)];
    const auto cron = parse_cron(random_cron(choices));
    if (!cron) return;  // a day that never comes
    // Anywhere in 2026 and 2027, but mostly shortly before or after a change of the clock.
    Timestamp after = *parse_rfc3339("2026-01-01T00:00:00Z") + Millis(choices.number(720) * 1440 * kMinute);
    const auto change = choices.chance(80) ? zone.next_change(after) : std::nullopt;
    if (change) after = *change - Millis(240 * kMinute);
    after += Millis(choices.number(change ? 360 : 1440) * kMinute + (choices.chance(30) ? choices.number(60'000) : 0));
    const auto next = next_after(*cron, zone, after);
    require(next.has_value(), "some time always comes");
    require(*next > after, "the next time is later");
    const Timestamp end = std::min(*next + Millis(1), after + Millis(40 * 1440 * kMinute));
    const auto expected = searched(*cron, zone, after, end);
    require(*next >= end || expected == next, "it is the one that a search finds");
    require(*next < end || !expected, "a search finds none before it");
    // Backwards, the same times.
    if (*next >= end) return;
    const auto second = next_after(*cron, zone, *next);
    const std::vector<Timestamp> both = last_times(*cron, zone, *next, *second, 3);
    require(both == std::vector<Timestamp>({*next, *second}), "the last times up to the second are the two");
  });
}

}  // namespace
}  // namespace troupe
