// The routes of schedules: what they take, what they ask of the core, what they answer.
#include "api_fixture.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

using testing::HasSubstr;

constexpr const char* kNightly = "/v1/schedules/nightly";

class SchedulesTest : public ApiTest {
 protected:
  SchedulesTest() {
    options_.time_zone = [](std::string_view name) -> Result<TimeZonePtr> {
      if (name == "Europe/Berlin" || name == "UTC") return utc();
      return {ErrorCode::validation_failed, "is not in the database"};
    };
    gateway_.schedule_view = sample_schedule();
    gateway_.schedule_change = {sample_schedule(), true, {}};
    gateway_.accepted = sample_accepted();
  }
  Answered put(const std::string& target, const std::string& body) {
    return send("PUT", target, body, {{"content-type", "application/json"}});
  }
};

TEST_F(SchedulesTest, AScheduleIsTakenWhole) {
  const auto answer = post("/v1/schedules", R"({"id":"nightly","workflow_key":"poster","workflow_version":2,
    "cron":"30 2 * * MON-FRI","time_zone":"Europe/Berlin","missed_run_policy":"once","enabled":false,"client_id":"shop",
    "inputs":{"n":1},"priority":7,"timeout_seconds":1.5,"metadata":{"user_id":"ada"}})");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.header("Location"), kNightly);
  const PutSchedule& asked = gateway_.put_command;
  EXPECT_EQ(asked.wanted.id, "nightly");
  EXPECT_EQ(asked.wanted.workflow_key, "poster");
  EXPECT_EQ(asked.wanted.workflow_version, 2u);
  EXPECT_EQ(asked.wanted.cron, "30 2 * * MON-FRI");
  EXPECT_EQ(asked.wanted.time_zone, "Europe/Berlin");
  EXPECT_EQ(asked.wanted.missed_runs, MissedRuns::once);
  EXPECT_EQ(asked.wanted.client_id, "shop");
  EXPECT_EQ(asked.wanted.inputs.view(), R"({"n":1})");
  EXPECT_EQ(asked.wanted.metadata.view(), R"({"user_id":"ada"})");
  EXPECT_EQ(asked.wanted.priority, 7);
  EXPECT_EQ(asked.wanted.timeout, Millis(1'500));
  EXPECT_EQ(asked.enabled, false);
  EXPECT_FALSE(asked.replace);
  EXPECT_EQ(gateway_.rendered->status, 201);
  EXPECT_EQ(gateway_.rendered->body, answer.body);
}

TEST_F(SchedulesTest, TheLeastOfAScheduleIsAWorkflowAndItsTimes) {
  gateway_.schedule_change.created = false;
  const auto answer = post("/v1/schedules", R"({"workflow_key":"poster","cron":"@daily"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Location"), "");
  EXPECT_EQ(gateway_.put_command.wanted.id, "");
  EXPECT_EQ(gateway_.put_command.wanted.time_zone, "UTC");
  EXPECT_EQ(gateway_.put_command.wanted.missed_runs, MissedRuns::skip);
  EXPECT_EQ(gateway_.put_command.wanted.client_id, "default");
  EXPECT_EQ(gateway_.put_command.enabled, std::nullopt);
}

TEST_F(SchedulesTest, AllFaultsAreToldAtOnce) {
  const auto answer =
      post("/v1/schedules", R"({"id":"a/b","cron":"61 * * * *","time_zone":"Mars","missed_run_policy":"x",
    "enabled":1,"priority":11,"metadata":{"schedule_id":"y"},"zone":"UTC"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.pointers(),
            "/id /cron /time_zone /missed_run_policy /enabled /workflow_key /priority /metadata/schedule_id /zone");
  EXPECT_THAT(answer.body, HasSubstr("minute, character 1"));
  EXPECT_EQ(gateway_.calls, 0);
  EXPECT_EQ(post("/v1/schedules", R"({"workflow_key":"poster"})").pointers(), "/cron");
  EXPECT_EQ(post("/v1/schedules", "[]").status, 422);
}

TEST_F(SchedulesTest, AnIdInTheFormOfAUuidCannotBeChosen) {
  const std::string body = R"({"workflow_key":"poster","cron":"@daily","id":")" + std::string(kUuid) + R"("})";
  EXPECT_EQ(post("/v1/schedules", body).pointers(), "/id");
}

TEST_F(SchedulesTest, PutTakesTheIdOfThePath) {
  EXPECT_EQ(put(kNightly, R"({"workflow_key":"poster","cron":"@daily"})").status, 201);
  EXPECT_EQ(gateway_.put_command.wanted.id, "nightly");
  EXPECT_TRUE(gateway_.put_command.replace);
  EXPECT_EQ(put(kNightly, R"({"id":"nightly","workflow_key":"poster","cron":"@daily"})").status, 201);
  EXPECT_EQ(put(kNightly, R"({"id":"other","workflow_key":"poster","cron":"@daily"})").pointers(), "/id");
}

TEST_F(SchedulesTest, OneIsShownWithItsNextTimes) {
  const auto answer = get(kNightly);
  EXPECT_EQ(answer.status, 200);
  const Json shown = answer.json();
  EXPECT_EQ(shown["next_times"].size(), 2u);
  EXPECT_EQ(shown["next_at"], shown["next_times"][0]);
  EXPECT_EQ(shown["workflow_version"], Json());
  EXPECT_EQ(shown["timeout_seconds"], 1.5);
  EXPECT_EQ(shown["metadata"], Json::object());
  EXPECT_EQ(shown["last_error"]["code"], "workflow_disabled");
  EXPECT_EQ(shown["last_job_id"], kUuid);
  EXPECT_EQ(shown["links"]["trigger"], "/v1/schedules/nightly/trigger");
  EXPECT_EQ(gateway_.asked_schedule, "nightly");
}

TEST_F(SchedulesTest, TheListIsPagedById) {
  ScheduleView first = sample_schedule(), second = first;
  first.schedule.id = "a";
  second.schedule.id = "b";
  gateway_.schedule_list = {first, second};
  const Json page = get("/v1/schedules?limit=1&workflow_key=poster&client_id=shop").json();
  EXPECT_EQ(page["items"].size(), 1u);
  EXPECT_FALSE(page["items"][0].contains("inputs"));
  EXPECT_EQ(gateway_.schedule_query.limit, 2);
  EXPECT_EQ(gateway_.schedule_query.client_id, "shop");
  EXPECT_EQ(gateway_.schedule_query.workflow_key, "poster");
  gateway_.schedule_list = {second};
  const Json next = get("/v1/schedules?cursor=" + page["next_cursor"].get<std::string>()).json();
  EXPECT_EQ(gateway_.schedule_query.after, "a");
  EXPECT_EQ(next["next_cursor"], Json());
  EXPECT_EQ(get("/v1/schedules?cursor=xyz").code(), "invalid_cursor");
}

TEST_F(SchedulesTest, ItIsEnabledDisabledAndRemoved) {
  EXPECT_EQ(send("POST", "/v1/schedules/nightly/disable").status, 200);
  EXPECT_EQ(gateway_.set_enabled, false);
  EXPECT_EQ(send("POST", "/v1/schedules/nightly/enable").status, 200);
  EXPECT_EQ(gateway_.set_enabled, true);
  gateway_.asked_schedule.clear();
  const auto removed = send("DELETE", kNightly);
  EXPECT_EQ(removed.status, 204);
  EXPECT_EQ(removed.body, "");
  EXPECT_EQ(gateway_.asked_schedule, "nightly");
  EXPECT_EQ(get("/v1/schedules/a%20b").code(), "invalid_id");
}

TEST_F(SchedulesTest, ATriggerIsAnsweredLikeASubmit) {
  const auto answer = send("POST", "/v1/schedules/nightly/trigger", "", {{"idempotency-key", "k1"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("Location"), std::string("/v1/jobs/") + kUuid);
  EXPECT_EQ(answer.json()["status"], "pending");
  EXPECT_TRUE(gateway_.key.has_value());
  gateway_.accepted.kept = gateway_.rendered;
  const auto again = send("POST", "/v1/schedules/nightly/trigger", "", {{"idempotency-key", "k1"}});
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, answer.body);
}

TEST_F(SchedulesTest, OperatorsChangeThemAndViewersLookOn) {
  given_keys({key("op", Role::op), key("client", Role::client), key("shop", Role::op, "shop")});
  const Headers op{{"authorization", "Bearer trp_op"}}, client{{"authorization", "Bearer trp_client"}},
      shop{{"authorization", "Bearer trp_shop"}};
  const std::string body = R"({"workflow_key":"poster","cron":"@daily"})";
  EXPECT_EQ(post("/v1/schedules", body, client).status, 403);
  EXPECT_EQ(send("DELETE", kNightly, "", client).status, 403);
  EXPECT_EQ(send("POST", "/v1/schedules/nightly/trigger", "", client).status, 403);
  EXPECT_EQ(get(kNightly, client).status, 200);
  EXPECT_EQ(post("/v1/schedules", body, op).status, 201);
  EXPECT_EQ(post("/v1/schedules", body, shop).status, 201);
  EXPECT_EQ(gateway_.put_command.wanted.client_id, "shop");
  EXPECT_EQ(post("/v1/schedules", R"({"workflow_key":"poster","cron":"@daily","client_id":"bank"})", shop).status, 403);
  EXPECT_EQ(get("/v1/schedules?client_id=bank", shop).status, 403);
}

TEST_F(SchedulesTest, WhatTheCoreSaysIsPassedOn) {
  gateway_.error = Error{ErrorCode::conflict, "there is another", false, {{"/id", "names another"}}};
  const auto answer = post("/v1/schedules", R"({"id":"x","workflow_key":"poster","cron":"@daily"})");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.pointers(), "/id");
  gateway_.error = Error{ErrorCode::not_found, "none", false, {}};
  for (const auto& [method, path] : {std::pair{"GET", ""}, {"DELETE", ""}, {"POST", "/trigger"}, {"POST", "/enable"}})
    EXPECT_EQ(send(method, std::string(kNightly) + path).status, 404) << path;
}

}  // namespace
}  // namespace troupe::ingress
