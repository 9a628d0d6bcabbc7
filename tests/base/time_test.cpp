#include "troupe/base/time.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Time, Rfc3339IsReadWithOffsetsAndWrittenInUtcWithMilliseconds) {
  const auto at = parse_rfc3339("2026-11-21T03:02:03.4567+02:00");
  ASSERT_TRUE(at.has_value());
  EXPECT_EQ(format_rfc3339(*at), "2026-11-21T01:02:03.456Z");
}

TEST(Time, WhatIsNoDateTimeIsRefused) {
  for (const char* text : {"", "2026-11-21", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T25:00:00Z",
                           "2026-11-21T00:00:00", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00Zx"})
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
}

TEST(Time, DurationsAreReadInEveryForm) {
  const std::pair<const char*, std::int64_t> rows[] = {{"250ms", 250},      {"30s", 30'000}, {"1h30m", 5'400'000},
                                                       {"7d", 604'800'000}, {"1.5", 1'500},  {"0s", 0}};
  for (const auto& [text, ms] : rows) {
    ASSERT_TRUE(parse_duration(text).has_value()) << text;
    EXPECT_EQ(parse_duration(text)->count(), ms) << text;
  }
}

TEST(Time, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "s", "-1s", "1x", "1s2", "5m 3s", "1e999", "200y"})
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

TEST(Time, AWrittenDurationReadsBack) {
  for (std::int64_t ms : {0LL, 1LL, 999LL, 61'001LL, 90'061'001LL})
    EXPECT_EQ(parse_duration(format_duration(Millis(ms)))->count(), ms);
}

}  // namespace
}  // namespace troupe
