#include "calendar/time_zones.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace troupe {
namespace {

Timestamp at(const char* text) { return *parse_rfc3339(text); }

double hours(Millis offset) { return static_cast<double>(offset.count()) / 3'600'000.0; }

struct OffsetCase {
  const char* zone;
  const char* at;
  double hours;
  const char* next_change;  ///< "": never
};

TEST(TimeZones, TellTheirOffsetsAndWhenTheyChange) {
  for (const OffsetCase& row : {
           OffsetCase{"UTC", "2026-07-01T00:00:00Z", 0, ""},
           OffsetCase{"Europe/Berlin", "2026-01-15T12:00:00Z", 1, "2026-03-29T01:00:00.000Z"},
           OffsetCase{"Europe/Berlin", "2026-03-29T00:59:59.999Z", 1, "2026-03-29T01:00:00.000Z"},
           OffsetCase{"Europe/Berlin", "2026-03-29T01:00:00Z", 2, "2026-10-25T01:00:00.000Z"},
           OffsetCase{"Europe/Berlin", "2044-07-01T00:00:00Z", 2, "2044-10-30T01:00:00.000Z"},
           OffsetCase{"America/New_York", "2026-07-01T00:00:00Z", -4, "2026-11-01T06:00:00.000Z"},
           OffsetCase{"Australia/Lord_Howe", "2026-01-01T00:00:00Z", 11, "2026-04-04T15:00:00.000Z"},
           OffsetCase{"Australia/Lord_Howe", "2026-07-01T00:00:00Z", 10.5, "2026-10-03T15:30:00.000Z"},
           OffsetCase{"Asia/Kathmandu", "2026-07-01T00:00:00Z", 5.75, ""},
           OffsetCase{"Etc/GMT+3", "2026-07-01T00:00:00Z", -3, ""},
       }) {
    const auto zone = find_time_zone(row.zone);
    ASSERT_TRUE(zone.ok()) << row.zone << " " << zone.error().message;
    EXPECT_DOUBLE_EQ(hours((*zone)->offset_at(at(row.at))), row.hours) << row.zone << " " << row.at;
    const auto change = (*zone)->next_change(at(row.at));
    EXPECT_EQ(change ? format_rfc3339(*change) : "", row.next_change) << row.zone << " " << row.at;
  }
}

TEST(TimeZones, RefuseWhatIsNoZone) {
  for (const char* name :
       {"", "Europe/Berlni", "europe/berlin", "/usr/share/zoneinfo/Europe/Berlin", "../../etc/passwd", "tzdata.zi",
        "Europe", "right/Europe/Berlin", "localtime", "libc:localtime", "Fixed/UTC+05:30:00", "Europe/Berlin\n"}) {
    const auto zone = find_time_zone(name);
    ASSERT_FALSE(zone.ok()) << name;
    EXPECT_EQ(zone.error().code, ErrorCode::validation_failed);
    EXPECT_NE(zone.error().message.find("Europe/Berlin or UTC"), std::string::npos) << zone.error().message;
  }
}

TEST(TimeZones, WithoutADatabaseTheErrorNamesThePackageAndUtcWorks) {
  setenv("TZDIR", "/nowhere/zoneinfo", 1);
  const auto berlin = find_time_zone("Europe/Berlin"), zulu = find_time_zone("UTC");
  unsetenv("TZDIR");
  ASSERT_FALSE(berlin.ok());
  EXPECT_NE(berlin.error().message.find("tzdata"), std::string::npos) << berlin.error().message;
  EXPECT_NE(berlin.error().message.find("/nowhere/zoneinfo"), std::string::npos) << berlin.error().message;
  EXPECT_TRUE(zulu.ok());
}

}  // namespace
}  // namespace troupe
