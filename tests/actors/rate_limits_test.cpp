// Who is let in under rate limits, and when: of clients, of workflows, of the values of a key.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

class RateLimitsTest : public NodeTest {
 protected:
  void SetUp() override {
    given_workflow("{key: free, steps: [{name: work, type: noop}]}");
    executor_->ends_at_once("work");
  }
  void given_client_rates(ClientRates rates, std::size_t buckets = RateLimits::kBucketsMost) {
    adjust_ = [rates = std::move(rates), buckets](NodeOptions& options) {
      options.gateway.client_rates = rates;
      options.gateway.rate_buckets_most = buckets;
    };
    restart_node();
  }
  static SubmitJob job_of(const std::string& client, const std::string& workflow = "free",
                          const std::string& inputs = "{}") {
    SubmitJob job;
    job.client_id = client;
    job.workflow_key = workflow;
    job.inputs = Document(inputs);
    job.limits = std::make_shared<RateLimitStates>();
    return job;
  }
  /// How many of so many tries are let in now.
  int let_in(const SubmitJob& job, int tries = 10) {
    int count = 0;
    for (int i = 0; i < tries; ++i) {
      const auto answer = try_submit(job);
      if (answer) {
        jobs_.push_back(answer->id);
        ++count;
      } else {
        EXPECT_EQ(answer.error().code, ErrorCode::rate_limited) << answer.error().message;
      }
    }
    return count;
  }
  Error refusal(const SubmitJob& job) {
    const auto answer = try_submit(job);
    EXPECT_FALSE(answer.ok());
    return answer.ok() ? Error{} : answer.error();
  }
};

constexpr const char* kSlow = "{key: slow, rate_limit: {limit: 2, per: 10s}, steps: [{name: work, type: noop}]}";
constexpr const char* kKeyed = R"({key: keyed, rate_limit: {limit: 2, per: 10s, key: "${ .inputs.region }"},
    steps: [{name: work, type: noop}]})";

// --- clients

TEST_F(RateLimitsTest, AClientIsLetInAsOftenAsItsLimitHasItAndAgainWhenTokensCome) {
  given_client_rates({{3, 30s, 3}, {}});
  EXPECT_EQ(let_in(job_of("shop")), 3);
  EXPECT_EQ(let_in(job_of("other")), 3) << "each client has a bucket of its own";
  const Error refused = refusal(job_of("shop"));
  EXPECT_EQ(refused.retry_after, 10s);
  EXPECT_THAT(refused.message, HasSubstr("the client shop may submit 3 jobs in 30s; the next one may come in 10s"));
  pass(10s);
  EXPECT_EQ(let_in(job_of("shop")), 1);
}

TEST_F(RateLimitsTest, ANamedClientHasItsOwnLimitOrNone) {
  given_client_rates({{1, 30s, 1}, {{"large", {5, 30s, 5}}, {"free", {}}}});
  EXPECT_EQ(let_in(job_of("small")), 1);
  EXPECT_EQ(let_in(job_of("large")), 5);
  EXPECT_EQ(let_in(job_of("free")), 10);
}

TEST_F(RateLimitsTest, ARefusedJobLeavesNothingBehind) {
  given_client_rates({{1, 30s, 1}, {}});
  let_in(job_of("shop"), 1);
  const auto before = reader_->shards();
  SubmitJob job = job_of("shop");
  job.job_id = "mine";
  refusal(job);
  EXPECT_EQ(reader_->shards()->at(0).seq, before->at(0).seq);
  EXPECT_TRUE(reader_->jobs_called("mine", "shop")->empty());
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(RateLimitsTest, AfterARestartEveryBucketIsFull) {
  given_client_rates({{2, 1h, 2}, {}});
  EXPECT_EQ(let_in(job_of("shop")), 2);
  restart_node();
  EXPECT_EQ(let_in(job_of("shop")), 2);
}

TEST_F(RateLimitsTest, AJobIsToldTheLimitsItMetTheTightestFirst) {
  given_client_rates({{5, 50s, 5}, {}});
  given_workflow(kSlow);
  const SubmitJob job = job_of("shop", "slow");
  let_in(job, 1);
  ASSERT_EQ(job.limits->size(), 2u);
  EXPECT_EQ(job.limits->at(0).policy, "workflow:slow");
  EXPECT_EQ(job.limits->at(0).remaining, 1u);
  EXPECT_EQ(job.limits->at(0).until_next, 5s);
  EXPECT_EQ(job.limits->at(1).policy, "client");
  EXPECT_EQ(job.limits->at(1).remaining, 4u);
  EXPECT_EQ(gateway().client_limits("shop").at(0).remaining, 4u);
  EXPECT_EQ(gateway().client_limits("other").at(0).remaining, 5u);
}

// --- workflows and keys

TEST_F(RateLimitsTest, AWorkflowIsLimitedForAllClientsTogether) {
  given_workflow(kSlow);
  EXPECT_EQ(let_in(job_of("a", "slow"), 1), 1);
  EXPECT_EQ(let_in(job_of("b", "slow")), 1);
  EXPECT_EQ(let_in(job_of("a")), 10) << "other workflows are not";
  EXPECT_THAT(refusal(job_of("a", "slow")).message, HasSubstr("the workflow slow takes 2 jobs in 10s"));
}

TEST_F(RateLimitsTest, EachValueOfAKeyHasItsOwnBucket) {
  given_workflow(kKeyed);
  EXPECT_EQ(let_in(job_of("a", "keyed", R"({"region":"eu"})")), 2);
  EXPECT_EQ(let_in(job_of("b", "keyed", R"({"region":"eu"})")), 0);
  EXPECT_EQ(let_in(job_of("a", "keyed", R"({"region":"us"})")), 2);
  EXPECT_EQ(let_in(job_of("a", "keyed", R"({"region":1})")), 2);
  EXPECT_EQ(let_in(job_of("a", "keyed", R"({"region":"1"})")), 2) << "a number is another value than its text";
  EXPECT_EQ(let_in(job_of("a", "keyed")), 2) << "null is a value";
}

TEST_F(RateLimitsTest, AKeyMayBeAnyExpression) {
  given_workflow(R"({key: keyed, rate_limit: {limit: 1, per: 10s, key: "${ [.client_id, .metadata.team] }"},
    steps: [{name: work, type: noop}]})");
  SubmitJob job = job_of("a", "keyed");
  EXPECT_EQ(let_in(job), 1);
  job.metadata = Document(R"({"team":"red"})");
  EXPECT_EQ(let_in(job), 1);
}

TEST_F(RateLimitsTest, AKeyThatCannotBeToldOrIsTooLongRefusesTheJob) {
  given_workflow(R"({key: keyed, rate_limit: {limit: 1, per: 10s, key: "${ .inputs.a.b }"},
    steps: [{name: work, type: noop}]})");
  EXPECT_EQ(refusal(job_of("a", "keyed", R"({"a":1})")).code, ErrorCode::validation_failed);
  const auto of_size = [](std::size_t size) { return R"({"a":{"b":")" + std::string(size - 2, 'x') + R"("}})"; };
  EXPECT_EQ(let_in(job_of("a", "keyed", of_size(RateLimit::kKeyBytes))), 1);
  const Error refused = refusal(job_of("a", "keyed", of_size(RateLimit::kKeyBytes + 1)));
  EXPECT_EQ(refused.code, ErrorCode::validation_failed);
  EXPECT_THAT(refused.message, HasSubstr("has 257 bytes for these inputs; at most 256 are allowed"));
}

TEST_F(RateLimitsTest, TokensOfAllLimitsAreTakenTogetherOrNone) {
  given_client_rates({{4, 1h, 4}, {}});
  given_workflow(kSlow);
  EXPECT_EQ(let_in(job_of("shop", "slow")), 2) << "the workflow refuses eight, which must not cost the client";
  EXPECT_EQ(let_in(job_of("shop")), 2);
  pass(10s);
  EXPECT_EQ(refusal(job_of("shop", "slow")).retry_after, 15min - 10s) << "the latest of both";
}

TEST_F(RateLimitsTest, AnOldVersionDoesNotGetAroundTheLimitOfTheNewest) {
  given_workflow("{key: slow, steps: [{name: work, type: noop}]}");
  given_workflow(kSlow);
  SubmitJob old = job_of("a", "slow");
  old.workflow_version = 1;
  EXPECT_EQ(let_in(old, 1), 1);
  EXPECT_EQ(let_in(job_of("a", "slow"), 1), 1);
  EXPECT_EQ(let_in(old), 0);
}

// --- what must be answered whatever the limit

TEST_F(RateLimitsTest, AKnownJobIdIsAnsweredAsBeforeAlsoWhenTheBucketIsEmpty) {
  given_client_rates({{1, 1h, 1}, {}});
  SubmitJob job = job_of("shop");
  job.job_id = "mine";
  job.request[0] = 7;
  const auto first = try_submit(job);
  ASSERT_TRUE(first.ok());
  jobs_.push_back(first->id);
  const auto again = try_submit(job);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->id, first->id);
  job.request[0] = 8;
  EXPECT_EQ(refusal(job).code, ErrorCode::job_id_conflict);
  job.job_id = "another";
  EXPECT_EQ(refusal(job).code, ErrorCode::rate_limited);
}

TEST_F(RateLimitsTest, AKnownJobIdCostsNoToken) {
  given_client_rates({{2, 1h, 2}, {}});
  SubmitJob job = job_of("shop");
  job.job_id = "mine";
  EXPECT_EQ(let_in(job, 5), 5);
  EXPECT_EQ(gateway().client_limits("shop").at(0).remaining, 1u);
}

TEST_F(RateLimitsTest, AKeptAnswerIsGivenAgainAlsoWhenTheBucketIsEmpty) {
  given_client_rates({{1, 1h, 1}, {}});
  SubmitJob job = job_of("shop");
  job.idempotency = IdempotencyKey{{1}, {2}};
  EXPECT_EQ(let_in(job, 1), 1);
  const auto again = try_submit(job);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->kept.has_value());
  job.idempotency = IdempotencyKey{{3}, {2}};
  EXPECT_EQ(refusal(job).code, ErrorCode::rate_limited);
}

TEST_F(RateLimitsTest, AJobThatIsRefusedForAnotherReasonCostsNoToken) {
  given_client_rates({{2, 1h, 2}, {}});
  SubmitJob job = job_of("shop");
  job.timeout = limits::kRunTimeoutMax + 1s;
  EXPECT_EQ(refusal(job).code, ErrorCode::timeout_too_large);
  job.timeout.reset();
  script_.next_commits({Fate::full});
  EXPECT_EQ(refusal(job).code, ErrorCode::disk_full);
  EXPECT_EQ(gateway().client_limits("shop").at(0).remaining, 2u);
}

// --- batches and retries

TEST_F(RateLimitsTest, OfABatchAsManyAreLetInAsThereAreTokensInOrder) {
  given_client_rates({{3, 1h, 3}, {}});
  std::vector<Result<AcceptedJob>> answers;
  gateway().submit({}, std::vector<SubmitJob>(5, job_of("shop")), render_accepted,
                   [&](std::vector<Result<AcceptedJob>> all) { answers = std::move(all); });
  run();
  ASSERT_EQ(answers.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(answers[i].ok(), i < 3) << i;
}

TEST_F(RateLimitsTest, ARetryCountsAsAJobDoes) {
  given_client_rates({{2, 1h, 2}, {}});
  const JobId job = submit("free", job_of("shop"));
  ASSERT_TRUE(retry(job).ok());
  const auto refused = retry(job);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
  EXPECT_EQ(refused.error().retry_after, 30min);
}

TEST_F(RateLimitsTest, ARetryThatIsRefusedForAnotherReasonCostsNoToken) {
  given_client_rates({{2, 1h, 2}, {}});
  const JobId job = submit("free", job_of("shop"));
  EXPECT_EQ(retry(job, "nowhere").error().code, ErrorCode::validation_failed);
  EXPECT_EQ(gateway().client_limits("shop").at(0).remaining, 1u);
}

TEST_F(RateLimitsTest, ARetryIsCountedUnderTheKeyOfItsOwnInputs) {
  given_workflow(kKeyed);
  const JobId job = submit("keyed", job_of("a", "keyed", R"({"region":"eu"})"));
  ASSERT_TRUE(retry(job).ok());
  EXPECT_EQ(retry(job).error().code, ErrorCode::rate_limited) << "eu is used up";
  std::optional<Result<JobChange>> answer;
  RetryJob command;
  command.job.id = job;
  command.inputs = Document(R"({"region":"us"})");
  gateway().retry({}, command, render_change, [&](Result<JobChange> change) { answer = std::move(change); });
  run();
  EXPECT_TRUE(answer->ok());
  EXPECT_TRUE(retry(job).ok()) << "its newest run is of us";
  EXPECT_EQ(retry(job).error().code, ErrorCode::rate_limited);
}

// --- the table

TEST_F(RateLimitsTest, BeyondItsBoundNewClientsShareOneBucketAndOldOnesKeepTheirs) {
  given_client_rates({{2, 10s, 2}, {}}, 3);
  for (const char* client : {"a", "b", "c"}) EXPECT_EQ(let_in(job_of(client), 1), 1);
  EXPECT_EQ(let_in(job_of("d"), 1), 1);
  EXPECT_EQ(let_in(job_of("e")), 1) << "it shares with d";
  EXPECT_EQ(let_in(job_of("f")), 0);
  EXPECT_EQ(let_in(job_of("a")), 1);
  pass(20s);  // all are full again, so there is room
  EXPECT_EQ(let_in(job_of("g")), 2);
  EXPECT_EQ(let_in(job_of("h")), 2);
}

TEST(RateLimitTable, DropsBucketsThatAreFullAgain) {
  ManualClock clock;
  const auto limits = std::make_shared<RateLimits>(clock);
  const auto claim = [](int client) {
    return RateLimits::Claim{"client", std::to_string(client), RateLimit{1, Millis(1'000), 1}};
  };
  for (int i = 0; i < 1'000; ++i) limits->take({claim(i)}).ticket->use();
  EXPECT_EQ(limits->size(), 1'000u);
  clock.advance(1s);
  for (int i = 0; i < 600; ++i) limits->take({claim(-1)});
  EXPECT_LE(limits->size(), 1u);
}

TEST(RateLimitTable, LetsNoMoreInThanItsLimitWhenManyThreadsAsk) {
  ManualClock clock;
  const auto limits = std::make_shared<RateLimits>(clock);
  std::atomic<int> let_in{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 2'000; ++j) {
          const auto taken = limits->take({{"client", "shop", RateLimit{500, Millis(1'000), 500}},
                                           {"workflow:a", std::to_string(j % 50), RateLimit{100, Millis(1'000), 100}}});
          if (!taken.ticket) continue;
          if (j % 3 == 0) continue;  // given back
          taken.ticket->use();
          ++let_in;
        }
      });
  }
  EXPECT_EQ(let_in, 500);
}

}  // namespace
}  // namespace troupe::test
