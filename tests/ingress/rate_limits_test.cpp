// What clients are told of rate limits: in headers, in refusals, in /v1/meta.
#include "api_fixture.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

const char* const kJob = R"({"workflow_key":"poster"})";

class RateLimitsTest : public ApiTest {
 protected:
  RateLimitsTest() {
    gateway_.accepted = sample_accepted();
    gateway_.job_view = sample_job();
  }
  void given_limits() {
    gateway_.limits = {{"workflow:poster", {10, Millis(1'000), 10}, 0, Millis(99)},
                       {"client", {100, Millis(60'000), 200}, 57, Millis(600)}};
  }
  void given_refusal(Millis retry_after) {
    gateway_.error = Error{ErrorCode::rate_limited, "the workflow poster takes 10 jobs in 1s", true, {}, retry_after};
  }
};

constexpr const char* kPolicies = R"("workflow:poster";q=10;w=1, "client";q=100;w=60;troupe-burst=200)";

TEST_F(RateLimitsTest, AnAcceptedJobTellsTheLimitsItMetTheTightestFirst) {
  given_limits();
  const auto answer = post("/v1/jobs", kJob);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("RateLimit-Policy"), kPolicies);
  EXPECT_EQ(answer.header("RateLimit"), R"("workflow:poster";r=0;t=1, "client";r=57;t=1)");
  EXPECT_EQ(answer.header("Retry-After"), "");
}

TEST_F(RateLimitsTest, WithoutALimitNothingIsToldOfAny) {
  const auto answer = post("/v1/jobs", kJob);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("RateLimit-Policy"), "");
  EXPECT_EQ(answer.header("RateLimit"), "");
}

TEST_F(RateLimitsTest, AFullBucketHasNoTimeOfItsNextToken) {
  gateway_.limits = {{"client", {3, Millis(60'000), 3}, 3, Millis(0)}};
  EXPECT_EQ(post("/v1/jobs", kJob).header("RateLimit"), R"("client";r=3)");
}

TEST_F(RateLimitsTest, ARefusalTellsWhenToComeAgainInWholeSecondsAndNeverTooEarly) {
  for (const auto& [wait, seconds] : {std::pair{Millis(1), "1"}, {Millis(1'000), "1"}, {Millis(1'001), "2"}}) {
    given_limits();
    given_refusal(wait);
    const auto answer = post("/v1/jobs", kJob);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.code(), "rate_limited");
    EXPECT_EQ(answer.header("Retry-After"), seconds);
    EXPECT_EQ(answer.header("RateLimit-Policy"), kPolicies);
  }
}

TEST_F(RateLimitsTest, InARefusalOnlyLimitsWithoutRoomHaveATimeSoThatNoneIsBeyondRetryAfter) {
  given_limits();
  gateway_.limits[1].until_next = Millis(600'000);
  given_refusal(Millis(99));
  const auto answer = post("/v1/jobs", kJob);
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(answer.header("RateLimit"), R"("workflow:poster";r=0;t=1, "client";r=57)");
}

TEST_F(RateLimitsTest, AJobThatWasWaitedForTellsThemToo) {
  given_limits();
  const auto answer = post("/v1/jobs", kJob, {{"prefer", "wait=5"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("RateLimit-Policy"), kPolicies);
}

TEST_F(RateLimitsTest, ATriggerAndARetryAreToldAsAJobIs) {
  given_limits();
  const std::string retry = std::string("/v1/jobs/") + kUuid + "/retry";
  for (const auto& [path, body] :
       {std::pair{std::string("/v1/trigger"), R"({"workflow_id":"poster"})"}, {retry, "{}"}}) {
    gateway_.error.reset();
    const auto taken = post(path, body);
    EXPECT_EQ(taken.status, 202) << path;
    EXPECT_EQ(taken.header("RateLimit-Policy"), kPolicies) << path;
    given_refusal(Millis(5'000));
    const auto refused = post(path, body);
    EXPECT_EQ(refused.status, 429) << path;
    EXPECT_EQ(refused.header("Retry-After"), "5") << path;
    EXPECT_EQ(refused.header("RateLimit-Policy"), kPolicies) << path;
  }
}

TEST_F(RateLimitsTest, OtherRefusalsTellNothingOfLimits) {
  given_limits();
  gateway_.error = Error{ErrorCode::workflow_disabled, "no", false, {}};
  EXPECT_EQ(post("/v1/jobs", kJob).header("RateLimit-Policy"), "");
}

TEST_F(RateLimitsTest, MetaShowsThoseOfTheCallersClient) {
  gateway_.limits = {{"client", {100, Millis(60'000), 200}, 57, Millis(600)}};
  EXPECT_EQ(get("/v1/meta").json()["rate_limits"], Json::parse(R"([{"policy":"client","limit":100,"per_seconds":60.0,
    "burst":200,"remaining":57}])"));
  EXPECT_EQ(gateway_.asked_client, "default");
  given_keys({key("k", Role::client, "shop")});
  EXPECT_EQ(get("/v1/meta", {{"authorization", "Bearer trp_k"}}).status, 200);
  EXPECT_EQ(gateway_.asked_client, "shop");
}

}  // namespace
}  // namespace troupe::ingress
