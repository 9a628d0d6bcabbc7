// Kill switches over HTTP.
#include "api_fixture.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

constexpr const char* kPause = R"({"scope":"workflow","target":"poster","mode":"pause","reason":"it makes nonsense"})";
constexpr const char* kId = "019aa3f2-7000-7000-8a2f-3b1f64aa9001";

class SwitchRoutesTest : public ApiTest {
 protected:
  SwitchRoutesTest() { gateway_.kill_switch = sample_kill_switch(); }
};

TEST_F(SwitchRoutesTest, AreEngagedWithWhatTheBodySays) {
  const auto answer = post("/v1/kill-switches", kPause);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.header("Location"), "/v1/kill-switches/" + std::string(kId));
  EXPECT_EQ(answer.json(), (Json{{"id", kId},
                                 {"scope", "workflow"},
                                 {"target", "poster"},
                                 {"mode", "pause"},
                                 {"reason", "the \"renderer\" makes nonsense"},
                                 {"engaged_by", "ops"},
                                 {"engaged_at", "2026-11-21T01:02:03.456Z"}}));
  ASSERT_TRUE(gateway_.draft);
  EXPECT_EQ(gateway_.draft->scope, "workflow");
  EXPECT_EQ(gateway_.draft->target, "poster");
  EXPECT_EQ(gateway_.draft->mode, "pause");
  EXPECT_EQ(gateway_.draft->reason, "it makes nonsense");
  EXPECT_FALSE(gateway_.key);
}

TEST_F(SwitchRoutesTest, AnIdempotencyKeyGetsTheFirstAnswerAgain) {
  const auto first = post("/v1/kill-switches", kPause, {{"idempotency-key", "k1"}});
  ASSERT_TRUE(gateway_.key);
  EXPECT_EQ(gateway_.rendered->status, 201);
  EXPECT_EQ(gateway_.rendered->body, first.body);
  gateway_.kept = KeptAnswer{201, R"({"id":"kept"})"};
  const auto again = post("/v1/kill-switches", kPause, {{"idempotency-key", "k1"}});
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, R"({"id":"kept"})");
}

TEST_F(SwitchRoutesTest, BadBodiesAreRefusedWithAllTheirFaults) {
  const std::pair<const char*, const char*> rules[] = {
      {R"({})", "/scope /mode /reason"},
      {R"({"scope":"workflow","mode":"pause","reason":"x"})", "/target"},
      {R"({"scope":"global","target":"x","mode":"pause","reason":"x"})", "/target"},
      {R"({"scope":"global","target":null,"mode":"stop","reason":"x"})", "/mode"},
      {R"({"scope":7,"target":"x","mode":"pause","reason":"x"})", "/scope"},
      {R"({"scope":"node","target":5,"mode":"stop","reason":""})", "/target /mode /reason"},
      {R"({"scope":"node","target":"n","mode":"pause","reason":"x","for":"1h"})", "/for"},
  };
  for (const auto& [body, pointers] : rules) {
    const auto answer = post("/v1/kill-switches", body);
    EXPECT_EQ(answer.status, 422) << body;
    EXPECT_EQ(answer.pointers(), pointers) << body;
  }
  EXPECT_EQ(post("/v1/kill-switches", "[]").status, 422);
  EXPECT_EQ(post("/v1/kill-switches", "{").status, 400);
  EXPECT_EQ(send("POST", "/v1/kill-switches", kPause).status, 415);
  EXPECT_FALSE(gateway_.draft) << "the core was not asked";
}

TEST_F(SwitchRoutesTest, AreListedPageByPage) {
  KillSwitch older = sample_kill_switch();
  older.id.bytes[0] = 0;
  gateway_.kill_switch_list = {sample_kill_switch(), older};
  const auto first = get("/v1/kill-switches?limit=1").json();
  ASSERT_EQ(first["items"].size(), 1u);
  EXPECT_EQ(first["items"][0]["id"], kId);
  const auto second = get("/v1/kill-switches?limit=1&cursor=" + first["next_cursor"].get<std::string>()).json();
  ASSERT_EQ(second["items"].size(), 1u);
  EXPECT_EQ(second["items"][0]["id"], to_string(older.id));
  EXPECT_EQ(second["next_cursor"], nullptr);
}

TEST_F(SwitchRoutesTest, AreReleasedByTheirId) {
  const auto answer = send("DELETE", "/v1/kill-switches/" + std::string(kId));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["mode"], "pause");
  EXPECT_EQ(to_string(gateway_.released), kId);
  EXPECT_EQ(send("DELETE", "/v1/kill-switches/x").code(), "invalid_id");
  gateway_.error = Error{ErrorCode::not_found, "none", false, {}};
  EXPECT_EQ(send("DELETE", "/v1/kill-switches/" + std::string(kId)).status, 404);
  EXPECT_EQ(send("GET", "/v1/kill-switches/" + std::string(kId)).header("Allow"), "DELETE");
}

TEST_F(SwitchRoutesTest, WhatTheCoreRefusesIsToldWithItsStatus) {
  for (const auto& [code, status] : {std::pair{ErrorCode::conflict, 409},
                                     {ErrorCode::validation_failed, 422},
                                     {ErrorCode::forbidden, 403},
                                     {ErrorCode::not_ready, 503}}) {
    gateway_.error = Error{code, "no", false, {}};
    EXPECT_EQ(post("/v1/kill-switches", kPause).status, status);
  }
  gateway_.error = Error{ErrorCode::kill_switch_engaged, "stopped", false, {}};
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"poster"})").status, 423);
}

TEST_F(SwitchRoutesTest, NeedTheRoleOperator) {
  given_keys({key("client", Role::client), key("ops", Role::op), key("admin", Role::admin)});
  const auto headers = [](const char* who) { return Headers{{"authorization", std::string("Bearer trp_") + who}}; };
  for (const auto& [who, allowed] : {std::pair{"client", false}, {"ops", true}, {"admin", true}}) {
    EXPECT_EQ(post("/v1/kill-switches", kPause, headers(who)).status, allowed ? 201 : 403) << who;
    EXPECT_EQ(get("/v1/kill-switches", headers(who)).status, allowed ? 200 : 403) << who;
    EXPECT_EQ(send("DELETE", "/v1/kill-switches/" + std::string(kId), "", headers(who)).status, allowed ? 200 : 403)
        << who;
  }
}

}  // namespace
}  // namespace troupe::ingress
