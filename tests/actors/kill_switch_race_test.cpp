// A kill switch that is engaged while other things are under way: nothing slips through, and nothing waits for it.
#include <gmock/gmock.h>

#include "actors/kill_switch_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(KillSwitchTest, IsInForceBeforeItIsDurable) {
  submit("poster");
  executor_->complete("draw");
  const auto engaging = ask_engage(draft("global", "", "pause"));
  ASSERT_FALSE(engaging->has_value());
  EXPECT_EQ(refusal("poster")->code, ErrorCode::kill_switch_engaged);
  run();
  ASSERT_TRUE(engaging->has_value() && (*engaging)->ok());
  EXPECT_THAT(executor_->started(), ElementsAre("draw")) << "no time has passed";
}

TEST_F(KillSwitchTest, KillWaitsForNoTimerToStopWhatRuns) {
  for (int i = 0; i < 4; ++i) submit("poster");
  ask_engage(draft("global", "", "kill"));
  run();
  EXPECT_THAT(executor_->running(), IsEmpty()) << "no time has passed";
  for (const JobId& job : jobs_) EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(KillSwitchTest, ARetryThatIsBeingPreparedIsRefusedByASwitchThatIsEngagedMeanwhile) {
  for (const char* mode : {"drain", "pause", "kill"}) {
    SCOPED_TRACE(mode);
    const JobId job = submit("poster");
    executor_->fail("draw", /*retryable=*/false);
    run();
    const auto retrying = ask_retry(job);
    const auto engaging = ask_engage(draft("workflow", "poster", mode));
    run();
    ASSERT_TRUE(retrying->has_value() && (*engaging)->ok());
    EXPECT_EQ((*retrying)->ok() ? ErrorCode::internal : (*retrying)->error().code, ErrorCode::kill_switch_engaged);
    EXPECT_EQ(status(job), Status::failed);
    ASSERT_TRUE(release((**engaging)->kill_switch.id).ok());
    ASSERT_TRUE(retry(job).ok()) << "nothing is left of it";
    ASSERT_TRUE(cancel(job).ok());
  }
}

/// With two writers, the switch may be durable before a job whose accept began before it.
class WritersTest : public KillSwitchTest, public ::testing::WithParamInterface<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Writers, WritersTest, ::testing::Values(1, 2));

/// Jobs that are submitted, retried, at work and being parked while the switch is engaged, actors taking turns at
/// random.
TEST_P(WritersTest, KillLetsNothingSlipThroughThatIsUnderWayWhenItIsEngaged) {
  writers_ = GetParam();
  start_node();
  given_workflow("{key: nap, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId failed = submit("poster"), at_work = submit("poster");
    executor_->fail("draw", /*retryable=*/false);
    run();
    std::vector<std::optional<Result<AcceptedJob>>> answers(4);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      SubmitJob job;
      job.workflow_key = i % 2 == 0 ? "poster" : "nap";
      gateway().submit({}, {std::move(job)}, render_accepted,
                       [&answers, i](std::vector<Result<AcceptedJob>> given) { answers[i] = given.at(0); });
      if (i == 1) ask_retry(failed);
      run_shuffled(seed * 7 + i, seed % 5);
    }
    if (seed % 3 == 0) executor_->complete("draw");
    const auto engaging = ask_engage(draft("global", "", "kill"));
    run_shuffled(seed, seed % 40);
    run_shuffled(seed + 1);
    ASSERT_TRUE(engaging->has_value() && (*engaging)->ok());
    ASSERT_THAT(executor_->running(), IsEmpty());
    std::vector<JobId> all{failed, at_work};
    for (const auto& answer : answers) {
      ASSERT_TRUE(answer.has_value());
      if (answer->ok())
        all.push_back((*answer)->id);
      else
        ASSERT_EQ(answer->error().code, ErrorCode::kill_switch_engaged);
    }
    for (const JobId& job : all) ASSERT_TRUE(has_ended(status(job))) << row(job).workflow_key;
    ASSERT_EQ(live_jobs(), 0u);
    ASSERT_TRUE(release((**engaging)->kill_switch.id).ok());
    pass(1s);
    ASSERT_THAT(executor_->running(), IsEmpty());
  }
}

TEST_P(WritersTest, KillFindsAJobThatRestsFromTheStartAndWasNotDurableWhenTheStoreWasLookedThrough) {
  writers_ = GetParam();
  start_node();
  given_workflow("{key: nap, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::vector<JobId> accepted;
    for (int i = 0; i < 2; ++i) {
      SubmitJob job;
      job.workflow_key = "nap";
      gateway().submit({}, {std::move(job)}, render_accepted, [&](std::vector<Result<AcceptedJob>> given) {
        if (given.at(0)) accepted.push_back(given.at(0)->id);
      });
    }
    const auto engaging = ask_engage(draft("workflow", "nap", "kill"));
    run_shuffled(seed);
    ASSERT_EQ(accepted.size(), 2u);
    for (const JobId& job : accepted) ASSERT_EQ(status(job), Status::cancelled) << "seed " << seed;
    ASSERT_TRUE(release((**engaging)->kill_switch.id).ok());
  }
}

TEST_F(KillSwitchTest, PauseThatIsReleasedAtAnyMomentLosesNoTask) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = submit("poster");
    const auto engaging = ask_engage(draft("workflow", "poster", "pause"));
    executor_->complete("draw");
    run_shuffled(seed, seed % 12);
    run();
    ASSERT_TRUE((*engaging)->ok());
    gateway().release_kill_switch({}, (**engaging)->kill_switch.id, [](const Result<KillSwitch>&) {});
    run_shuffled(seed + 1);
    ASSERT_TRUE(executor_->complete("send"));
    run();
    ASSERT_EQ(status(job), Status::success);
  }
}

}  // namespace
}  // namespace troupe::test
