// The routes by which people tell a run something.
#include <gmock/gmock.h>

#include "api_fixture.hpp"

namespace troupe::ingress {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MessagesTest : public ApiTest {
 protected:
  MessagesTest() {
    gateway_.change.run = *parse_id<RunId>(kRun);
    gateway_.change.id = gateway_.change.run.as<JobId>();
    gateway_.change.status = Status::running;
  }
  static std::string path(const std::string& below) { return "/v1/runs/" + std::string(kRun) + below; }

  static constexpr const char* kRun = "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001";
  static constexpr const char* kFirst = "019aa3f2-6000-7000-8a2f-3b1f64aa9001";
  static constexpr const char* kSecond = "019aa3f2-6000-7000-8a2f-3b1f64aa9002";
};

TEST_F(MessagesTest, ASignalReachesTheCoreWithItsPayload) {
  const auto answer = post(path("/signals/paid"), R"({"payload": {"amount": 12}})");
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(gateway_.sent_signal.name, "paid");
  EXPECT_EQ(gateway_.sent_signal.payload.view(), R"({"amount":12})");
  EXPECT_EQ(send("POST", path("/signals/paid")).status, 202);
  EXPECT_FALSE(gateway_.sent_signal.payload.present());
  EXPECT_EQ(post(path("/signals/paid"), R"({"payloat": 1})").status, 422);
  EXPECT_EQ(send("POST", path("/signals/no%20name")).status, 400);
  EXPECT_EQ(send("POST", "/v1/runs/mine/signals/paid").status, 400);
}

TEST_F(MessagesTest, ADecisionTellsWhoAndWhat) {
  gateway_.change.reviews = {{*parse_id<AssetId>(kFirst), "ada", false, "too dark", from_unix_ms(1'000)}};
  const auto answer =
      post(path("/images/" + std::string(kFirst) + "/reject"), R"({"reviewer":"ada","notes":"too dark"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(gateway_.reviewed.approve.empty());
  EXPECT_THAT(gateway_.reviewed.reject, ElementsAre(*parse_id<AssetId>(kFirst)));
  EXPECT_EQ(gateway_.reviewed.reviewer, "ada");
  const Json review = parse_json(answer.body)->at("reviews").at(0);
  EXPECT_EQ(review.at("decision"), "rejected");
  EXPECT_EQ(review.at("decided_at"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(post(path("/images/x/approve"), R"({"reviewer":"ada"})").status, 400);
  EXPECT_EQ(post(path("/images/" + std::string(kFirst) + "/approve"), "{}").status, 422);
}

TEST_F(MessagesTest, AReviewNamesEveryFaultAtItsPlace) {
  const std::string both =
      R"({"reviewer": "ada", "approve": [")" + std::string(kFirst) + R"("], "reject": [")" + kSecond + R"("]})";
  ASSERT_EQ(post(path("/review"), both).status, 200);
  EXPECT_EQ(gateway_.reviewed.approve.size() + gateway_.reviewed.reject.size(), 2u);
  const auto answer = post(path("/review"), R"({"approve": ["x", ")" + std::string(kFirst) + "\", \"" + kFirst +
                                                R"("], "reject": [")" + kFirst + R"("]})");
  EXPECT_EQ(answer.status, 422);
  for (const char* pointer : {"/reviewer", "/approve/0", "/approve/2", "/reject/0"})
    EXPECT_THAT(answer.body, HasSubstr("\"" + std::string(pointer) + "\""));
  EXPECT_EQ(post(path("/review"), R"({"reviewer": "ada"})").status, 422);
}

TEST_F(MessagesTest, ADecisionAboutADoubtReachesTheCore) {
  const auto answer = post(path("/steps/pay/resolve"),
                           R"({"decision": "done", "item": 3, "output": {"id": 7}, "comment": "the bank has it"})");
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(parse_json(answer.body)->at("execution_id"), kRun);
  EXPECT_EQ(gateway_.resolved.run, *parse_id<RunId>(kRun));
  const ResolveDoubt& decision = gateway_.resolved.decision;
  EXPECT_EQ(decision.step, "pay");
  EXPECT_EQ(decision.item, 3u);
  EXPECT_EQ(decision.resolution, Resolution::done);
  EXPECT_EQ(decision.outputs.view(), R"({"id":7})");
  EXPECT_EQ(decision.comment, "the bank has it");
  EXPECT_EQ(post(path("/steps/pay/resolve"), R"({"decision": "repeat"})").status, 202);
  EXPECT_EQ(gateway_.resolved.decision.resolution, Resolution::repeat);
  EXPECT_FALSE(gateway_.resolved.decision.item || gateway_.resolved.decision.outputs.present());
  EXPECT_EQ(post(path("/steps/pay/resolve"), R"({"decision": "failed", "output": null})").status, 202);
  EXPECT_EQ(gateway_.resolved.decision.resolution, Resolution::failed);
}

TEST_F(MessagesTest, ADecisionAboutADoubtNamesEveryFaultAtItsPlace) {
  EXPECT_THAT(post(path("/steps/pay/resolve"), "{}").body, HasSubstr("\"/decision\""));
  const auto answer = post(path("/steps/pay/resolve"), R"({"decision": "perhaps", "item": -1, "comment": ")" +
                                                           std::string(2'001, 'x') + R"(", "reason": "x"})");
  EXPECT_EQ(answer.status, 422);
  for (const char* pointer : {"/decision", "/item", "/comment", "/reason"})
    EXPECT_THAT(answer.body, HasSubstr("\"" + std::string(pointer) + "\""));
  const auto output = post(path("/steps/pay/resolve"), R"({"decision": "repeat", "output": 1})");
  EXPECT_EQ(output.status, 422);
  EXPECT_THAT(output.body, HasSubstr("\"/output\""));
  EXPECT_EQ(send("POST", path("/steps/pay/resolve")).status, 415);  // a body is needed
  EXPECT_EQ(post(path("/steps/no%20name/resolve"), R"({"decision": "done"})").status, 400);
  EXPECT_EQ(post("/v1/runs/mine/steps/pay/resolve", R"({"decision": "done"})").status, 400);
}

TEST_F(MessagesTest, WhatTheCoreRefusesHasItsStatus) {
  gateway_.error = Error{ErrorCode::conflict, "no attempt is in doubt", false, {}};
  EXPECT_EQ(post(path("/steps/pay/resolve"), R"({"decision": "done"})").status, 409);
  gateway_.error = Error{ErrorCode::already_reviewed, "", false, {}};
  EXPECT_EQ(post(path("/images/" + std::string(kFirst) + "/approve"), R"({"reviewer":"ada"})").status, 409);
  gateway_.error = Error{ErrorCode::too_many_signals, "", false, {}};
  const auto answer = send("POST", path("/signals/go"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.header("Retry-After"), "1");
}

}  // namespace
}  // namespace troupe::ingress
