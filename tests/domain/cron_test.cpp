#include "troupe/domain/cron.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::vector<std::string> times(const std::string& cron, const char* after, std::size_t count) {
  const auto expression = parse_cron(cron);
  if (!expression) return {expression.error().message};
  std::vector<std::string> list;
  Timestamp at = *parse_rfc3339(after);
  for (std::optional<Timestamp> next; list.size() < count && (next = next_after(*expression, *utc(), at));) {
    at = *next;
    list.push_back(format_rfc3339(at).substr(0, 16));
  }
  return list;
}

struct TimesCase {
  const char* rule;
  const char* cron;
  std::vector<std::string> expected;  ///< after 2026-11-28 (a Saturday) 12:34:56.789
};

TEST(Cron, IsDueAtTheMinutesItNames) {
  const std::vector<TimesCase> cases = {
      {"every minute", "* * * * *", {"2026-11-28T12:35", "2026-11-28T12:36"}},
      {"a time of the day", "30 7 * * *", {"2026-11-29T07:30", "2026-11-30T07:30"}},
      {"lists", "0,30 12,13 * * *", {"2026-11-28T13:00", "2026-11-28T13:30", "2026-11-29T12:00"}},
      {"ranges", "0 9-10 * * *", {"2026-11-29T09:00", "2026-11-29T10:00", "2026-11-30T09:00"}},
      {"steps", "*/25 13 * * *", {"2026-11-28T13:00", "2026-11-28T13:25", "2026-11-28T13:50", "2026-11-29T13:00"}},
      {"steps of a range", "10-40/15 13 * * *", {"2026-11-28T13:10", "2026-11-28T13:25", "2026-11-28T13:40"}},
      {"names of months", "0 0 1 JAN,jul *", {"2027-01-01T00:00", "2027-07-01T00:00"}},
      {"names of days",
       "0 0 * * mon-WED",
       {"2026-11-30T00:00", "2026-12-01T00:00", "2026-12-02T00:00", "2026-12-07T00:00"}},
      {"0 is Sunday", "0 0 * * 0", {"2026-11-29T00:00", "2026-12-06T00:00"}},
      {"7 is Sunday", "0 0 * * 7", {"2026-11-29T00:00", "2026-12-06T00:00"}},
      {"a week may end on Sunday", "0 0 * * SAT-SUN", {"2026-11-29T00:00", "2026-12-05T00:00", "2026-12-06T00:00"}},
      {"by number too", "0 0 * * 6-7", {"2026-11-29T00:00", "2026-12-05T00:00"}},
      {"both days restricted: either will do",
       "0 0 1 * MON",
       {"2026-11-30T00:00", "2026-12-01T00:00", "2026-12-07T00:00"}},
      {"a day field that begins with a star narrows", "0 0 */2 * MON", {"2026-12-07T00:00", "2026-12-21T00:00"}},
      {"short months are passed over", "0 0 31 * *", {"2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"}},
      {"a leap day", "0 0 29 2 *", {"2028-02-29T00:00", "2032-02-29T00:00"}},
      {"a leap day on a Saturday", "0 0 29 FEB */6", {"2032-02-29T00:00", "2048-02-29T00:00"}},
      {"@hourly", "@hourly", {"2026-11-28T13:00", "2026-11-28T14:00"}},
      {"@daily", "@daily", {"2026-11-29T00:00"}},
      {"@midnight", "@midnight", {"2026-11-29T00:00"}},
      {"@weekly", "@weekly", {"2026-11-29T00:00", "2026-12-06T00:00"}},
      {"@monthly", "@monthly", {"2026-12-01T00:00", "2027-01-01T00:00"}},
      {"@yearly", "@yearly", {"2027-01-01T00:00", "2028-01-01T00:00"}},
      {"@annually", "@annually", {"2027-01-01T00:00"}},
      {"tabs, and space around", "  0\t12  *  * * ", {"2026-11-29T12:00"}},
  };
  for (const TimesCase& row : cases)
    EXPECT_EQ(times(row.cron, "2026-11-28T12:34:56.789Z", row.expected.size()), row.expected) << row.rule;
}

TEST(Cron, TheNextTimeIsLaterThanTheOneAskedFrom) {
  EXPECT_EQ(times("35 12 * * *", "2026-11-28T12:35:00Z", 1), std::vector<std::string>{"2026-11-29T12:35"});
  EXPECT_EQ(times("35 12 * * *", "2026-11-28T12:34:59.999Z", 1), std::vector<std::string>{"2026-11-28T12:35"});
}

TEST(Cron, ALeapDayIsFoundAcrossACenturyWithoutOne) {
  EXPECT_EQ(times("0 0 29 2 *", "2096-03-01T00:00:00Z", 1), std::vector<std::string>{"2104-02-29T00:00"});
  EXPECT_EQ(times("0 0 29 2 */7", "2088-03-01T00:00:00Z", 1), std::vector<std::string>{"2128-02-29T00:00"});
}

TEST(Cron, FaultsNameTheFieldThePlaceAndWhatIsAllowed) {
  struct FaultCase {
    const char* cron;
    std::vector<const char*> told;
  };
  for (const FaultCase& row : std::vector<FaultCase>{
           {"", {"is empty", "minute hour day-of-month month day-of-week"}},
           {"0 0 * *", {"4 fields", "five fields"}},
           {"0 0 0 * * *", {"6 fields", "none for seconds or years"}},
           {"60 0 * * *", {"minute, character 1", "\"60\"", "0 to 59"}},
           {"0 24 * * *", {"hour, character 3", "\"24\"", "0 to 23"}},
           {"0 0 0 * *", {"day-of-month, character 5", "\"0\"", "1 to 31"}},
           {"0 0 * 13 *", {"month, character 7", "\"13\"", "1 to 12 and JAN to DEC"}},
           {"0 0 * * 8", {"day-of-week, character 9", "\"8\"", "0 to 7 (0 and 7 are Sunday) and SUN to SAT"}},
           {"0 0 * * MOO", {"day-of-week, character 9", "\"MOO\""}},
           {"0 0 * MON *", {"month, character 7", "\"MON\""}},
           {"0 1,2,x * * *", {"hour, character 7", "\"x\""}},
           {"0 1,,2 * * *", {"hour, character 5", "something is missing"}},
           {"0 5-2 * * *", {"hour, character 3", "\"5-2\"", "backwards", "22-23,0-2"}},
           {"0 2- * * *", {"hour, character 5", "something is missing"}},
           {"0 1-2-3 * * *", {"hour, character 5", "\"2-3\""}},
           {"-5 0 * * *", {"minute, character 1", "something is missing"}},
           {"*/0 * * * *", {"minute, character 3", "\"0\"", "a step is a number from 1 to 59"}},
           {"*/60 * * * *", {"minute, character 3", "\"60\"", "from 1 to 59"}},
           {"5/15 * * * *", {"minute, character 1", "a step needs * or a range"}},
           {"0 0 ? * MON", {"day-of-month, character 5", "\"?\"", "write *"}},
           {"0 0 L * *", {"day-of-month, character 5", "\"L\""}},
           {"0 0 * * 5#3", {"day-of-week, character 9", "\"5#3\""}},
           {"99999999999999999999 0 * * *", {"minute, character 1"}},
           {"@reboot", {"\"@reboot\"", "@hourly", "@yearly"}},
           {"@DAILY", {"\"@DAILY\"", "@daily"}},
           {"0 0 31 2 *", {"no day that ever comes", "\"31\"", "\"2\""}},
           {"0 0 31 APR,jun,9,11 *", {"no day that ever comes"}},
           {"0 0 30,31 2 */2", {"no day that ever comes"}},
       }) {
    const auto cron = parse_cron(row.cron);
    ASSERT_FALSE(cron.ok()) << row.cron;
    EXPECT_EQ(cron.error().code, ErrorCode::validation_failed);
    for (const char* part : row.told)
      EXPECT_NE(cron.error().message.find(part), std::string::npos) << row.cron << ": " << cron.error().message;
  }
  EXPECT_FALSE(parse_cron(std::string(300, '0') + " * * * *").ok());
}

TEST(Cron, ADayThatNeverComesIsNoneWhereADayOfTheWeekDoes) { EXPECT_TRUE(parse_cron("0 0 31 2 MON").ok()); }

TEST(Cron, TheLastTimesAreFoundWithoutWalkingAYear) {
  const auto cron = *parse_cron("* * * * *");
  const Timestamp from = *parse_rfc3339("2025-01-01T00:00:00Z"), until = *parse_rfc3339("2026-11-28T12:34:56Z");
  const auto last = last_times(cron, *utc(), from, until, 3);
  ASSERT_EQ(last.size(), 3u);
  EXPECT_EQ(format_rfc3339(last.front()), "2026-11-28T12:32:00.000Z");
  EXPECT_EQ(format_rfc3339(last.back()), "2026-11-28T12:34:00.000Z");
  EXPECT_EQ(last_times(cron, *utc(), until - Millis(57'000), until, 9).size(), 1u);
  EXPECT_TRUE(
      last_times(*parse_cron("@yearly"), *utc(), from + Millis(1), until - Millis(86'400'000LL * 365), 3).empty());
}

}  // namespace
}  // namespace troupe
