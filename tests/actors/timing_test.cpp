// Everything that happens because time goes by: delays, back-off, deadlines, and runs that rest meanwhile.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- delays ----------------------------------------------------------------------------------------------------------

TEST_F(NodeTest, DelaysTheNextStepForAsLongAsItSays) {
  given_workflow(
      "{key: later, steps: [{name: wait, type: delay, config: {duration: 30s}}, {name: after, type: noop}]}");
  const JobId job = submit("later");
  pass(29s);
  EXPECT_THAT(executor_->started(), IsEmpty());
  pass(2s);
  EXPECT_THAT(executor_->started(), ElementsAre("after"));
  executor_->complete("after");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, ADelayGivesAnEmptyObject) {
  given_workflow(R"(
key: later
steps:
  - {name: wait, type: delay, config: {duration: 5s}}
  - {name: after, type: noop, when: "${ .steps.wait }"}
)");
  submit("later");
  pass(6s);
  EXPECT_THAT(executor_->started(), ElementsAre("after"));
}

TEST_F(NodeTest, FiresATimerOnce) {
  given_workflow("{key: later, steps: [{name: wait, type: delay, config: {duration: 5s}}, {name: after, type: noop}]}");
  const JobId job = submit("later");
  pass(60s);
  EXPECT_EQ(executor_->count_started("after"), 1u);
  EXPECT_EQ(count_actions(job, "step.completed"), 1u);
}

constexpr const char* kTomorrow = R"(
key: tomorrow
timeout: 3d
steps:
  - {name: wait, type: delay, config: {duration: 1d}}
  - {name: after, type: noop}
)";

TEST_F(NodeTest, RestsARunThatOnlyWaitsForLong) {
  given_workflow(kTomorrow);
  SubmitJob job;
  submit("tomorrow", job);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, KeepsARunThatWaitsForShortInMemory) {
  given_workflow("{key: soon, steps: [{name: wait, type: delay, config: {duration: 30s}}]}");
  submit("soon");
  EXPECT_EQ(live_jobs(), 1u);
}

TEST_F(NodeTest, RevivesARestingRunByItsTimer) {
  given_workflow(kTomorrow);
  const JobId job = submit("tomorrow");
  pass(24h - 1min, 5s);
  EXPECT_THAT(executor_->started(), IsEmpty());
  EXPECT_EQ(live_jobs(), 0u);
  pass(59s);
  EXPECT_THAT(executor_->started(), IsEmpty());
  pass(2s);
  EXPECT_THAT(executor_->started(), ElementsAre("after"));
  executor_->complete("after");
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, RevivesARunThatFellDueWhileTheNodeWasAway) {
  given_workflow(kTomorrow);
  const JobId job = submit("tomorrow");
  crash_node();
  clock_.advance(25h);
  start_node();
  pass(1s);
  EXPECT_THAT(executor_->started(), ElementsAre("after"));
  executor_->complete("after");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, RevivesMoreRestingRunsThanAPageWhenTheyFallDueTogether) {
  constexpr std::size_t kMoreThanAPage = 1'050;
  given_workflow("{key: nap, steps: [{name: wait, type: delay, config: {duration: 2m}}, {name: after, type: noop}]}");
  executor_->ends_at_once("after");
  for (std::size_t i = 0; i < kMoreThanAPage; ++i) submit("nap");
  EXPECT_EQ(live_jobs(), 0u);
  crash_node();
  clock_.advance(3min);
  start_node();
  pass(1s);
  EXPECT_EQ(executor_->count_started("after"), kMoreThanAPage);
  for (const JobId& job : jobs_) ASSERT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, RevivesARestingRunOnceInEveryOrderOfMessages) {
  given_workflow("{key: nap, steps: [{name: wait, type: delay, config: {duration: 2m}}, {name: after, type: noop}]}");
  executor_->ends_at_once("after");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = submit("nap");
    pass_shuffled(3min, 5s, seed);
    ASSERT_EQ(status(job), Status::success);
    ASSERT_EQ(executor_->count_started("after"), seed);
  }
}

// --- retries ---------------------------------------------------------------------------------------------------------

constexpr const char* kStubborn = R"(
key: stubborn
steps:
  - {name: work, type: noop, retry: {max_attempts: 4, backoff: exponential, initial: 2s, factor: 2, max: 5s, jitter: none}}
)";

TEST_F(NodeTest, RetriesAfterABackOffThatGrows) {
  given_workflow(kStubborn);
  executor_->fails("work", 3);
  const JobId job = submit("stubborn");
  std::vector<std::size_t> attempts;
  for (int second = 0; second < 13; ++second) {
    attempts.push_back(executor_->count_started("work"));
    pass(1s);
  }
  // after 2, then 4, then 5 seconds (the policy's maximum)
  EXPECT_THAT(attempts, ElementsAre(1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, FailsTheRunWhenTheAttemptsAreUsedUp) {
  given_workflow(kStubborn);
  executor_->fails("work", 100);
  const JobId job = submit("stubborn");
  pass(60s);
  EXPECT_EQ(executor_->count_started("work"), 4u);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "http_failed");
  EXPECT_EQ(count_actions(job, "step.retrying"), 3u);
}

TEST_F(NodeTest, DoesNotRetryWhatCannotSucceed) {
  given_workflow(kStubborn);
  const JobId job = submit("stubborn");
  executor_->fail("work", /*retryable=*/false);
  pass(60s);
  EXPECT_EQ(executor_->count_started("work"), 1u);
  EXPECT_EQ(status(job), Status::failed);
}

TEST_F(NodeTest, RestsARunBetweenAttemptsThatAreFarApart) {
  given_workflow(R"({key: patient, steps: [{name: work, type: noop,
                     retry: {max_attempts: 2, backoff: fixed, initial: 100s, max: 100s, jitter: none}}]})");
  executor_->fails("work", 1);
  const JobId job = submit("patient");
  EXPECT_EQ(live_jobs(), 0u);
  pass(99s);
  EXPECT_EQ(executor_->count_started("work"), 1u);
  pass(2s);
  EXPECT_EQ(executor_->count_started("work"), 2u);
  executor_->complete("work");
  run();
  EXPECT_EQ(status(job), Status::success);
}

// --- deadlines -------------------------------------------------------------------------------------------------------

TEST_F(NodeTest, StopsAnAttemptThatTakesTooLongAndTriesAgain) {
  given_workflow(R"({key: slow, steps: [{name: work, type: noop, timeout: 5s,
                     retry: {max_attempts: 2, initial: 1s, jitter: none}}]})");
  const JobId job = submit("slow");
  pass(4s);
  EXPECT_THAT(executor_->stopped(), IsEmpty());
  pass(1500ms);
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_EQ(busy_slots(), 0u);
  pass(1s);
  EXPECT_EQ(executor_->count_started("work"), 2u);
  pass(6s);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "step_timeout");
  EXPECT_EQ(executor_->stopped().size(), 2u);
}

TEST_F(NodeTest, BeginsNoAttemptBeforeTheOneBeforeHasStopped) {
  given_workflow(R"({key: slow, steps: [{name: work, type: noop, timeout: 5s,
                     retry: {max_attempts: 3, initial: 1s, jitter: none}}]})");
  executor_->never_stops("work");
  const JobId job = submit("slow");
  pass(9s);
  EXPECT_EQ(count_actions(job, "step.retrying"), 1u) << "its time is over all the same";
  EXPECT_EQ(executor_->count_started("work"), 1u);
  executor_->complete("work");
  run();
  EXPECT_EQ(executor_->count_started("work"), 2u);
  pass(5s + limits::kStopDeadline);
  EXPECT_EQ(executor_->count_started("work"), 3u) << "what does not stop is not waited for";
}

TEST_F(NodeTest, UndoesNothingBeforeWhatTookTooLongHasStopped) {
  given_workflow(R"({key: trip, steps: [{name: book, type: noop, compensate: {type: noop}},
                                        {name: pay, type: noop, timeout: 5s, retry: {max_attempts: 1}}]})");
  executor_->never_stops("pay");
  submit("trip");
  executor_->complete("book");
  run();
  pass(6s);
  EXPECT_EQ(executor_->count_started("book"), 1u);
  executor_->complete("pay");
  run();
  EXPECT_EQ(executor_->count_started("book"), 2u);
}

TEST_F(NodeTest, DoesNotCountTimeInTheQueueAsTimeOfTheAttempt) {
  start_node(1);
  given_workflow("{key: slow, steps: [{name: work, type: noop, timeout: 5s}]}");
  submit("slow");
  pass(4s);
  const JobId second = submit("slow");
  pass(500ms);
  executor_->complete("work");
  pass(4s);
  EXPECT_THAT(executor_->stopped(), IsEmpty());
  executor_->complete("work");
  run();
  EXPECT_EQ(status(second), Status::success);
}

TEST_F(NodeTest, FailsARunThatTakesTooLongAndStopsItsWork) {
  given_workflow(
      "{key: slow, timeout: 20s, steps: [{name: work, type: noop, timeout: 60s}, {name: after, type: noop}]}");
  const JobId job = submit("slow");
  pass(19s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(2s);
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "run_timeout");
  EXPECT_EQ(executor_->count_started("after"), 0u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, FailsARunThatStillWaitsInTheQueueAtItsDeadline) {
  start_node(1);
  given_workflow("{key: slow, timeout: 20s, steps: [{name: work, type: noop}]}");
  given_workflow("{key: other, steps: [{name: blocks, type: noop}]}");
  submit("other");
  const JobId job = submit("slow");
  pass(21s);
  EXPECT_EQ(error_code(job), "run_timeout");
  executor_->complete("blocks");
  run();
  EXPECT_EQ(executor_->count_started("work"), 0u);
}

TEST_F(NodeTest, FailsARestingRunAtItsDeadline) {
  given_workflow("{key: late, timeout: 2m, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  const JobId job = submit("late");
  ASSERT_EQ(live_jobs(), 0u);
  pass(119s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(2s);
  EXPECT_EQ(error_code(job), "run_timeout");
}

TEST_F(NodeTest, EveryAttemptOfManyItemsHasItsTime) {
  crash_node();
  start_node(/*slots=*/64);
  given_workflow(R"(
key: many
timeout: 1d
steps:
  - name: work
    type: noop
    for_each: "${ [range(70)] }"
    timeout: 10s
    queue_timeout: 1h
    on_item_failure: collect
    retry: {max_attempts: 2, initial: 1s, max: 1s}
)");
  const JobId job = submit("many");
  pass(10min, 500ms);
  EXPECT_EQ(executor_->count_started("work"), 140u);
  EXPECT_EQ(count_actions(job, "item.failed"), 70u);
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, EndsTheRunWhenAnExecutorDoesNotStopAndKeepsItsSlotUntilItDoes) {
  given_workflow("{key: slow, timeout: 20s, steps: [{name: work, type: noop, timeout: 60s}]}");
  executor_->never_stops("work");
  const JobId job = submit("slow");
  pass(21s);
  EXPECT_FALSE(has_ended(status(job))) << "its work may still be going on";
  pass(limits::kStopDeadline);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(busy_slots(), 1u);
  executor_->complete("work");
  run();
  EXPECT_EQ(busy_slots(), 0u);
  EXPECT_EQ(error_code(job), "run_timeout");
}

}  // namespace
}  // namespace troupe::test
