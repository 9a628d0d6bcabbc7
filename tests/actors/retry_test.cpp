// A new run of a job that has ended.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

constexpr const char* kTwo = "{key: two, steps: [{name: first, type: noop}, {name: second, type: noop}]}";

class RetryTest : public NodeTest {
 protected:
  /// A job whose first step was done, and whose second failed.
  JobId failed_job() {
    given_workflow(kTwo);
    const JobId job = submit("two");
    executor_->complete("first");
    run();
    executor_->fail("second", /*retryable=*/false);
    run();
    EXPECT_EQ(status(job), Status::failed);
    return job;
  }
  void complete(const std::string& step) {
    EXPECT_TRUE(executor_->complete(step)) << step;
    run();
  }
};

TEST_F(RetryTest, BeginsAFreshRunFromTheFirstStep) {
  const JobId job = failed_job();
  const auto change = retry(job);
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_NE(change->run, job.as<RunId>());
  EXPECT_EQ(row(job).run, change->run);
  EXPECT_FALSE(has_ended(status(job)));
  complete("first");
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(times_ended(job), 2u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(RetryTest, ReusesWhatWasDoneBeforeTheStepItBeginsFrom) {
  const JobId job = failed_job();
  ASSERT_TRUE(retry(job, "second").ok());
  EXPECT_THAT(executor_->started(), ElementsAre("first", "second", "second"));
  complete("second");
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(RetryTest, FindsWhatIsReusedByTheNameOfItsStepThoughAnotherVersionHasItElsewhere) {
  given_workflow("{key: two, steps: [{name: first, type: noop}, {name: second, type: noop}]}");
  const JobId job = submit("two");
  executor_->complete("first", R"({"x":7})");
  run();
  executor_->fail("second", /*retryable=*/false);
  run();
  given_workflow(R"({key: two, outputs: {x: "${ .steps.first.x }"}, steps: [{name: zero, type: noop},
      {name: first, type: noop, needs: []}, {name: second, type: noop, needs: [zero, first]}]})");
  ASSERT_TRUE(retry(job, "second").ok());
  complete("zero");
  restart_node();  // so that all there is of the first run is read again
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(row(job).outputs, Document(R"({"x":7})"));
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(RetryTest, CanBeRepeated) {
  const JobId job = failed_job();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(retry(job, "second").ok());
    executor_->fail("second", /*retryable=*/false);
    run();
    ASSERT_EQ(status(job), Status::failed);
  }
  EXPECT_EQ(count_actions(job, "job.retried"), 3u);
}

TEST_F(RetryTest, IsRefusedWhileTheJobRuns) {
  given_workflow(kTwo);
  const JobId job = submit("two");
  EXPECT_EQ(retry(job).error().code, ErrorCode::job_not_finished);
}

TEST_F(RetryTest, IsRefusedFromAStepThatDoesNotExistAndLetsGoOfTheJob) {
  const JobId job = failed_job();
  EXPECT_EQ(retry(job, "third").error().code, ErrorCode::validation_failed);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(RetryTest, OfTwoAtOnceBeginsOneRun) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = failed_job();
    const auto one = ask_retry(job), other = ask_retry(job);
    if (seed == 0)
      run();
    else
      run_shuffled(seed);
    ASSERT_TRUE(one->has_value() && other->has_value());
    EXPECT_NE((*one)->ok(), (*other)->ok());
    EXPECT_EQ(((*one)->ok() ? *other : *one)->error().code, ErrorCode::job_not_finished);
    EXPECT_EQ(count_actions(job, "job.retried"), 1u);
    complete("first");
    complete("second");
    ASSERT_EQ(status(job), Status::success);
    ASSERT_EQ(live_jobs(), 0u);
  }
}

TEST_F(RetryTest, SurvivesACrash) {
  const JobId job = failed_job();
  ASSERT_TRUE(retry(job, "second").ok());
  restart_node();
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(RetryTest, WaitsForTheStoreWhenItIsAway) {
  const JobId job = failed_job();
  const auto answer = ask_retry(job);
  script_.next_commits({Fate::unavailable});
  run();
  EXPECT_FALSE(answer->has_value());
  pass(1s);
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE((*answer)->ok());
  EXPECT_EQ(count_actions(job, "job.retried"), 1u);
}

}  // namespace
}  // namespace troupe::test
