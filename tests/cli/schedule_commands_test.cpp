#include "cli/cli_fixture.hpp"

namespace troupe {
namespace {

using ::testing::HasSubstr;

class ScheduleCommandTest : public CliTest {};

constexpr const char* kSchedule = R"({"id":"nightly","client_id":"shop","workflow_key":"report","workflow_version":null,
  "cron":"30 2 * * *","time_zone":"Europe/Berlin","missed_run_policy":"once","enabled":true,
  "next_at":"2026-03-29T01:00:00.000Z","next_times":["2026-03-29T01:00:00.000Z","2026-03-30T00:30:00.000Z"],
  "last_at":null,"last_job_id":null,"last_error":{"code":"workflow_disabled","message":"it is","at":"2026-03-28T01:30:00.000Z"}})";

TEST_F(ScheduleCommandTest, CreateSendsWhatItIsGiven) {
  server_.answer("POST /v1/schedules", 201, kSchedule);
  EXPECT_EQ(run({"schedule",      "create",     "report",  "--cron",        "30 2 * * *", "--time-zone",
                 "Europe/Berlin", "--id",       "nightly", "--missed-runs", "once",       "--input",
                 "n=4",           "--priority", "7",       "--timeout",     "5m",         "--metadata",
                 "user_id=ada",   "--disabled"}),
            0)
      << err_;
  const Json body = last_body();
  EXPECT_EQ(body, *parse_json(R"({"workflow_key":"report","cron":"30 2 * * *","time_zone":"Europe/Berlin",
    "id":"nightly","missed_run_policy":"once","inputs":{"n":4},"priority":7,"timeout_seconds":300.0,
    "metadata":{"user_id":"ada"},"enabled":false})"));
  EXPECT_THAT(out_, HasSubstr("next       2026-03-29 01:00:00 UTC\n           2026-03-30 00:30:00 UTC\n"));
  EXPECT_THAT(out_, HasSubstr("last error workflow_disabled: it is (2026-03-28 01:30:00)"));
}

TEST_F(ScheduleCommandTest, ReplacePutsItInItsPlace) {
  server_.answer("PUT /v1/schedules/nightly", 200, kSchedule);
  EXPECT_EQ(run({"schedule", "create", "report", "--cron", "@daily", "--id", "nightly", "--replace"}), 0) << err_;
  EXPECT_EQ(last_body()["cron"], "@daily");
  EXPECT_EQ(run({"schedule", "create", "report", "--cron", "@daily", "--replace"}), 2) << "it needs an id";
}

TEST_F(ScheduleCommandTest, RefusalsHaveTheirExitCodes) {
  server_.refuse("POST /v1/schedules", 409, "conflict", "There is another.");
  EXPECT_EQ(run({"schedule", "create", "report", "--cron", "@daily"}), 6);
  EXPECT_EQ(run({"schedule", "create", "report"}), 2) << "it needs times";
}

TEST_F(ScheduleCommandTest, ListAndGetShowThem) {
  server_.answer("GET /v1/schedules?limit=50&workflow_key=report", 200,
                 std::string(R"({"items":[)") + kSchedule + R"(],"next_cursor":null})");
  server_.answer("GET /v1/schedules?workflow_key=report&limit=50", 200,
                 std::string(R"({"items":[)") + kSchedule + R"(],"next_cursor":null})");
  EXPECT_EQ(run({"schedule", "list", "--workflow", "report"}), 0) << err_;
  EXPECT_THAT(
      out_,
      HasSubstr("nightly   report    30 2 * * *  Europe/Berlin  enabled  2026-03-29 01:00:00  workflow_disabled"));
  server_.answer("GET /v1/schedules/nightly", 200, kSchedule);
  EXPECT_EQ(run({"schedule", "get", "nightly", "--json"}), 0);
  EXPECT_EQ(out_json()["id"], "nightly");
}

TEST_F(ScheduleCommandTest, OneIsEnabledDisabledDeletedAndTriggered) {
  server_.answer("POST /v1/schedules/nightly/enable", 200, kSchedule);
  EXPECT_EQ(run({"schedule", "enable", "nightly"}), 0);
  EXPECT_EQ(out_, "nightly enabled\n");
  server_.answer("POST /v1/schedules/nightly/disable", 200, kSchedule);
  EXPECT_EQ(run({"schedule", "disable", "nightly"}), 0);
  EXPECT_EQ(out_, "nightly disabled\n");
  server_.answer("DELETE /v1/schedules/nightly", 204, "");
  EXPECT_EQ(run({"schedule", "delete", "nightly"}), 0) << err_;
  EXPECT_EQ(out_, "nightly deleted\n");
  server_.answer("POST /v1/schedules/nightly/trigger", 202, R"({"job_id":"x","status":"pending","message":"m"})");
  EXPECT_EQ(run({"schedule", "trigger", "nightly"}), 0);
  EXPECT_THAT(out_, HasSubstr("job        x"));
}

TEST_F(ScheduleCommandTest, NextTellsLocalTimesAcrossAClockChangeWithoutAServer) {
  EXPECT_EQ(run_bare({"schedule", "next", "--cron", "30 2 * * *", "--time-zone", "Europe/Berlin", "--count", "2",
                      "--after", "2026-03-28T12:00:00Z"}),
            0)
      << err_;
  EXPECT_EQ(out_,
            "2026-03-29T03:00:00+02:00  2026-03-29 01:00:00 UTC\n"
            "2026-03-30T02:30:00+02:00  2026-03-30 00:30:00 UTC\n");
  EXPECT_EQ(run_bare({"schedule", "next", "--cron", "0 0 * * *", "--count", "1", "--after", "2026-03-28T12:00:00Z",
                      "--time-zone", "America/St_Johns", "--json"}),
            0);
  EXPECT_EQ(out_json()["times"][0]["local"], "2026-03-29T00:00:00-02:30");
  EXPECT_EQ(out_json()["times"][0]["at"], "2026-03-29T02:30:00.000Z");
}

TEST_F(ScheduleCommandTest, NextTellsAllThatIsWrong) {
  EXPECT_EQ(run_bare({"schedule", "next", "--cron", "61 * * * *", "--time-zone", "Mars", "--after", "noon"}), 2);
  for (const char* part :
       {"--cron: minute, character 1", "--time-zone: is not in the time zone database", "--after: must be"})
    EXPECT_THAT(err_, HasSubstr(part));
}

}  // namespace
}  // namespace troupe
