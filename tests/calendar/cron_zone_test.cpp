// Cron expressions where clocks change: the rule of docs/schedules.md, a row a case.
#include <gtest/gtest.h>

#include "calendar/time_zones.hpp"
#include "troupe/domain/cron.hpp"

namespace troupe {
namespace {

std::vector<std::string> times(const char* cron, const char* zone, const char* after, std::size_t count) {
  const auto expression = parse_cron(cron);
  const auto found = find_time_zone(zone);
  if (!expression || !found) return {"not parsed"};
  std::vector<std::string> list;
  Timestamp at = *parse_rfc3339(after);
  while (list.size() < count) {
    const auto next = next_after(*expression, **found, at);
    if (!next) return list;
    // Times are whole minutes here.
    list.push_back(format_rfc3339(at = *next).substr(0, 16) + "Z");
  }
  return list;
}

struct ZoneCase {
  const char* rule;
  const char* cron;
  const char* zone;
  const char* after;
  std::vector<std::string> expected;
};

TEST(CronInZones, ClockChangesFollowTheRule) {
  const std::vector<ZoneCase> cases = {
      {"a fixed time follows the local clock through the year",
       "0 9 * * *",
       "Europe/Berlin",
       "2026-03-27T12:00:00Z",
       {"2026-03-28T08:00Z", "2026-03-29T07:00Z", "2026-03-30T07:00Z"}},
      // 02:00 becomes 03:00 in Berlin at 01:00 UTC.
      {"a fixed time in the gap comes just after it",
       "30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00Z", "2026-03-30T00:30Z"}},
      {"several times in the gap come once",
       "*/20 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00Z", "2026-03-30T00:00Z", "2026-03-30T00:20Z"}},
      {"times in the gap and just after it come once",
       "0 2,3 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00Z", "2026-03-30T00:00Z", "2026-03-30T01:00Z"}},
      {"the gap counts on the day it is on only",
       "30 2 * * SAT",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-04-04T00:30Z"}},
      {"every hour goes by what elapses",
       "30 * * * *",
       "Europe/Berlin",
       "2026-03-28T23:45:00Z",
       {"2026-03-29T00:30Z", "2026-03-29T01:30Z", "2026-03-29T02:30Z"}},
      {"every second hour is hours of the day",
       "0 */2 * * *",
       "Europe/Berlin",
       "2026-03-28T23:30:00Z",
       {"2026-03-29T01:00Z", "2026-03-29T02:00Z", "2026-03-29T04:00Z"}},
      // 03:00 becomes 02:00 in Berlin at 01:00 UTC.
      {"a fixed time in the repeated hour comes once",
       "30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T00:30Z", "2026-10-26T01:30Z"}},
      {"the end of the repeated hour is a time of its own",
       "0 3 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:00Z", "2026-10-26T02:00Z"}},
      {"every hour comes in both",
       "30 * * * *",
       "Europe/Berlin",
       "2026-10-24T23:45:00Z",
       {"2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"}},
      {"0-23 is every hour too",
       "30 0-23 * * *",
       "Europe/Berlin",
       "2026-10-24T23:45:00Z",
       {"2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"}},
      {"asked within the repeated hour, the first one counts as past",
       "30 2 * * *",
       "Europe/Berlin",
       "2026-10-25T01:10:00Z",
       {"2026-10-26T01:30Z"}},
      {"New York, spring",
       "15 2 * * *",
       "America/New_York",
       "2026-03-07T12:00:00Z",
       {"2026-03-08T07:00Z", "2026-03-09T06:15Z"}},
      {"New York, autumn",
       "15 1 * * *",
       "America/New_York",
       "2026-10-31T12:00:00Z",
       {"2026-11-01T05:15Z", "2026-11-02T06:15Z"}},
      // Lord Howe: half an hour. 02:00 becomes 02:30 at 15:30 UTC, and 02:00 becomes 01:30 at 15:00 UTC.
      {"Lord Howe, a time in the half hour gap",
       "15 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-03T00:00:00Z",
       {"2026-10-03T15:30Z", "2026-10-04T15:15Z"}},
      {"Lord Howe, just after the gap",
       "30 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-03T00:00:00Z",
       {"2026-10-03T15:30Z", "2026-10-04T15:30Z"}},
      {"Lord Howe, in the repeated half hour",
       "45 1 * * *",
       "Australia/Lord_Howe",
       "2026-04-04T00:00:00Z",
       {"2026-04-04T14:45Z", "2026-04-05T15:15Z"}},
      {"Lord Howe, every hour, at minutes that come twice",
       "45 * * * *",
       "Australia/Lord_Howe",
       "2026-04-04T14:00:00Z",
       {"2026-04-04T14:45Z", "2026-04-04T15:15Z", "2026-04-04T16:15Z"}},
      {"Lord Howe, every hour, at minutes that the clock leaves out",
       "15 * * * *",
       "Australia/Lord_Howe",
       "2026-10-03T14:00:00Z",
       {"2026-10-03T14:45Z", "2026-10-03T16:15Z"}},
      {"Kathmandu, a quarter to",
       "0 6 * * *",
       "Asia/Kathmandu",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T00:15Z", "2026-03-30T00:15Z"}},
      {"UTC knows no changes", "30 2 * * *", "UTC", "2026-03-28T12:00:00Z", {"2026-03-29T02:30Z", "2026-03-30T02:30Z"}},
      {"midnight may be in the gap",
       "0 0 * * *",
       "America/Santiago",
       "2026-09-05T12:00:00Z",
       {"2026-09-06T04:00Z", "2026-09-07T03:00Z"}},
      {"a day that was left out comes just after it",
       "0 12 30 12 *",
       "Pacific/Apia",
       "2011-12-29T00:00:00Z",
       {"2011-12-30T10:00Z", "2012-12-29T22:00Z"}},
  };
  for (const ZoneCase& row : cases)
    EXPECT_EQ(times(row.cron, row.zone, row.after, row.expected.size()), row.expected) << row.rule;
}

}  // namespace
}  // namespace troupe
