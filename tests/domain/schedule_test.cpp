#include "troupe/domain/schedule.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Kind = ScheduleStep::Kind;

Timestamp at(const std::string& time) { return *parse_rfc3339("2026-11-28T" + time + "Z"); }

/// `fire 12:00 then 13:00`
std::string told(const ScheduleStep& step) {
  const auto clock = [](Timestamp time) { return time == kNever ? "never" : format_rfc3339(time).substr(8, 8); };
  switch (step.kind) {
    case Kind::wait: return "wait until " + clock(step.next_at);
    case Kind::fire: return "fire " + clock(step.at) + " then " + clock(step.next_at);
    case Kind::skip: return "skip " + clock(step.at) + " to " + clock(step.until) + " then " + clock(step.next_at);
  }
  return "";
}

struct StepCase {
  const char* rule;
  MissedRuns policy;
  const char* now;
  bool first;
  const char* seen;  ///< "": never
  const char* expected;
};

TEST(Schedule, KnowsWhatToDoWhenTheClockComesBy) {
  const auto cron = *parse_cron("0 * * * *");
  Schedule schedule;
  schedule.next_at = at("12:00:00");
  constexpr auto skip = MissedRuns::skip, once = MissedRuns::once, all = MissedRuns::all;
  for (const StepCase& row : std::vector<StepCase>{
           {"before its time it waits", skip, "11:59:59.999", false, "", "wait until 28T12:00"},
           {"at its time it fires", skip, "12:00:00", false, "", "fire 28T12:00 then 28T13:00"},
           {"a little late it still fires", skip, "12:00:10", false, "", "fire 28T12:00 then 28T13:00"},
           {"later, it was missed", skip, "12:00:10.001", false, "", "skip 28T12:00 to 28T12:00 then 28T13:00"},
           {"after a start, it was missed", skip, "12:00:00", true, "", "skip 28T12:00 to 28T12:00 then 28T13:00"},
           {"all that was missed is skipped", skip, "15:30:00", true, "", "skip 28T12:00 to 28T15:00 then 28T16:00"},
           {"so it is within a moment of the last one", skip, "15:00:01", false, "",
            "skip 28T12:00 to 28T15:00 then 28T16:00"},
           {"what was tried is tried again", skip, "12:30:00", false, "12:00:01", "fire 28T12:00 then 28T13:00"},
           {"until the next time is due", skip, "13:00:01", false, "12:00:01",
            "skip 28T12:00 to 28T12:00 then 28T13:00"},
           {"tried, and then the machine slept", skip, "15:00:01", false, "12:00:01",
            "skip 28T12:00 to 28T15:00 then 28T16:00"},
           {"two were seen in time and could not be", skip, "13:20:00", false, "13:00:01",
            "skip 28T12:00 to 28T12:00 then 28T13:00"},
           {"once: one missed time fires", once, "12:30:00", true, "", "fire 28T12:00 then 28T13:00"},
           {"once: of several the last", once, "15:30:00", true, "", "skip 28T12:00 to 28T14:00 then 28T15:00"},
           {"once: a tried one too gives way to the next", once, "13:00:01", false, "12:00:01",
            "skip 28T12:00 to 28T12:00 then 28T13:00"},
           {"all: the oldest first", all, "15:30:00", true, "", "fire 28T12:00 then 28T13:00"},
           {"all: a tried one keeps its place", all, "15:30:00", false, "12:00:01", "fire 28T12:00 then 28T13:00"},
       }) {
    schedule.missed_runs = row.policy;
    EXPECT_EQ(told(next_step(schedule, cron, *utc(), {at(row.now), row.first, *row.seen ? at(row.seen) : kNever})),
              row.expected)
        << row.rule;
  }
}

TEST(Schedule, OfTooManyMissedTimesTheOldestAreDropped) {
  const auto cron = *parse_cron("* * * * *");
  Schedule schedule;
  schedule.missed_runs = MissedRuns::all;
  schedule.next_at = at("00:01:00");
  const ScheduleLook look{at("12:00:30"), true, kNever};
  EXPECT_EQ(told(next_step(schedule, cron, *utc(), look)), "skip 28T00:01 to 28T10:20 then 28T10:21");
  schedule.next_at = at("10:21:00");
  EXPECT_EQ(told(next_step(schedule, cron, *utc(), look)), "fire 28T10:21 then 28T10:22");
}

TEST(Schedule, WhatWasPromisedIsKeptThoughTheZoneHasChanged) {
  Schedule schedule;
  schedule.next_at = at("12:30:00");  // which the expression no longer gives
  EXPECT_EQ(told(next_step(schedule, *parse_cron("0 * * * *"), *utc(), {at("12:30:01"), false, kNever})),
            "fire 28T12:30 then 28T13:00");
}

TEST(Schedule, ADisabledOneWaits) {
  EXPECT_EQ(told(next_step(Schedule(), *parse_cron("0 * * * *"), *utc(), {at("12:30:01"), true, kNever})),
            "wait until never");
}

TEST(Schedule, ContentIsWhatIsWantedNotWhatBecameOfIt) {
  Schedule a, b;
  a.inputs = Document("{}");
  b.enabled = false;
  b.next_at = at("12:00:00");
  EXPECT_TRUE(same_content(a, b));
  b.inputs = Document(R"({"n":1})");
  EXPECT_FALSE(same_content(a, b));
}

}  // namespace
}  // namespace troupe
