#include "codec/schedule_codec.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(ScheduleCodec, EverythingComesBack) {
  Schedule schedule;
  schedule.id = "nightly";
  schedule.client_id = "shop";
  schedule.workflow_key = "report";
  schedule.workflow_version = 3;
  schedule.cron = "30 2 * * MON-FRI";
  schedule.time_zone = "Europe/Berlin";
  schedule.inputs = Document(R"({"n":1})");
  schedule.metadata = Document(R"({"user_id":"ada"})");
  schedule.callback_url = "https://shop.example/done";
  schedule.priority = 9;
  schedule.timeout = Millis(1'500);
  schedule.missed_runs = MissedRuns::all;
  schedule.enabled = false;
  schedule.created_at = from_unix_ms(1);
  schedule.created_by = "ops";
  schedule.updated_at = from_unix_ms(2);
  schedule.next_at = from_unix_ms(3);
  schedule.last_at = from_unix_ms(4);
  schedule.last_job.bytes.fill(7);
  schedule.last_fault = ScheduleFault{"workflow_disabled", "it is", from_unix_ms(5)};
  const Document stored = encode_schedule(schedule);
  const auto read = decode_schedule("nightly", stored);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(encode_schedule(*read).view(), stored.view());
  EXPECT_TRUE(same_content(*read, schedule));
  EXPECT_EQ(read->next_at, schedule.next_at);
  EXPECT_EQ(read->last_at, schedule.last_at);
  EXPECT_EQ(read->last_job, schedule.last_job);
  EXPECT_EQ(read->last_fault, schedule.last_fault);
  EXPECT_EQ(read->created_by, "ops");
  EXPECT_EQ(read->created_at, schedule.created_at);
  EXPECT_EQ(read->updated_at, schedule.updated_at);
  EXPECT_FALSE(read->enabled);
}

TEST(ScheduleCodec, WhatIsNotSaidIsAbsent) {
  Schedule schedule;
  schedule.workflow_key = "report";
  schedule.cron = "@daily";
  const auto read = decode_schedule("x", encode_schedule(schedule));
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->inputs.present());
  EXPECT_FALSE(read->timeout.has_value());
  EXPECT_FALSE(read->last_fault.has_value());
  EXPECT_EQ(read->next_at, kNever);
  EXPECT_TRUE(read->last_job.is_nil());
  EXPECT_TRUE(read->enabled);
}

TEST(ScheduleCodec, DamageIsToldWithTheSchedulesName) {
  for (const char* text : {"", "{", "[]", "{}", R"({"client_id":1})"}) {
    const auto read = decode_schedule("nightly", Document(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::store_corrupt);
    EXPECT_NE(read.error().message.find("nightly"), std::string::npos);
  }
}

}  // namespace
}  // namespace troupe
