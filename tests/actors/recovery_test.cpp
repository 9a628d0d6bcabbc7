// What a node finds when it starts on the store of one that died.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kTwo = R"(
key: two
steps:
  - {name: first, type: noop}
  - {name: second, type: noop}
outputs: {x: "${ .steps.first.x }"}
)";
constexpr const char* kOne = "{key: one, steps: [{name: work, type: noop}]}";

TEST_F(NodeTest, ResumesEveryOpenRunAndEndsEachOnce) {
  start_node(2);
  given_workflow("{key: soft, steps: [{name: soft, type: noop}]}");
  given_workflow("{key: outside, steps: [{name: outside, type: exec, config: {command: x}}]}");
  given_workflow("{key: queued, steps: [{name: queued, type: noop}]}");
  given_workflow(
      "{key: delayed, steps: [{name: wait, type: delay, config: {duration: 30s}}, {name: delayed, type: noop}]}");
  given_workflow(
      "{key: resting, steps: [{name: wait, type: delay, config: {duration: 2m}}, {name: rested, type: noop}]}");
  given_workflow("{key: trying, steps: [{name: tried, type: noop, retry: {initial: 20s, jitter: none}}]}");
  executor_->fails("tried", 1);
  for (const char* workflow : {"trying", "soft", "outside", "queued", "delayed", "resting"}) submit(workflow);
  ASSERT_THAT(executor_->running(), UnorderedElementsAre("soft", "outside"));

  restart_node();
  for (const char* step : {"soft", "outside", "queued", "tried", "delayed", "rested"}) {
    for (int i = 0; i < 4 && executor_->running().empty(); ++i) pass(40s);
    ASSERT_TRUE(executor_->complete(step)) << step;
    run();
  }
  for (const JobId& job : jobs_) EXPECT_EQ(times_ended(job), 1u) << row(job).workflow_key;
  for (const JobId& job : jobs_) EXPECT_EQ(status(job), Status::success) << row(job).workflow_key;
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, TakesOverOpenJobsLaterWhenTheStoreCannotBeRead) {
  given_workflow(kOne);
  const JobId job = submit("one");
  crash_node();
  reader_->open_jobs_failures = 2;
  start_node();
  EXPECT_EQ(live_jobs(), 0u);
  pass(3s);
  EXPECT_EQ(live_jobs(), 1u);
  ASSERT_TRUE(executor_->complete("work"));
  run();
  EXPECT_EQ(status(job), Status::success);
}

// Their ids are of the time before, and so greater than any that the new process makes.
TEST_F(NodeTest, TakesOverOpenJobsThoughTheClockWasSetBack) {
  given_workflow(kOne);
  const JobId job = submit("one");
  crash_node();
  clock_.advance(-10min);
  start_node();
  EXPECT_EQ(live_jobs(), 1u);
  ASSERT_TRUE(executor_->complete("work"));
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, StopsWhatIsAtWorkThoughTheClockWasSetBack) {
  given_workflow(kOne);
  const JobId job = submit("one");
  clock_.advance(-10min);
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(NodeTest, StopsAnotherAttemptThatIsAtWorkThoughTheClockWasSetBack) {
  given_workflow("{key: again, steps: [{name: work, type: noop, retry: {max_attempts: 2}}]}");
  const JobId job = submit("again");
  executor_->fail("work", /*retryable=*/true);
  pass(1min, 1s);
  ASSERT_EQ(executor_->count_started("work"), 2u);
  clock_.advance(-10min);
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(NodeTest, LeavesEndedJobsAlone) {
  given_workflow(kOne);
  const JobId job = submit("one");
  executor_->complete("work");
  run();
  restart_node();
  EXPECT_EQ(live_jobs(), 0u);
  EXPECT_EQ(executor_->count_started("work"), 1u);
  EXPECT_EQ(times_ended(job), 1u);
}

TEST_F(NodeTest, RemembersWhatStepsGaveBeforeTheCrash) {
  given_workflow(kTwo);
  const JobId job = submit("two");
  executor_->complete("first", R"({"x":7})");
  run();
  restart_node();
  EXPECT_THAT(executor_->running(), ElementsAre("second"));
  executor_->complete("second");
  run();
  EXPECT_EQ(row(job).outputs.view(), R"({"x":7})");
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(NodeTest, DoesAgainWhatWasDoneButNotCommitted) {
  given_workflow(kOne);
  const JobId job = submit("one");
  script_.all_commits(Fate::unavailable);
  executor_->complete("work");
  run();
  crash_node();
  script_.all_commits(Fate::goes_through);
  start_node();
  EXPECT_THAT(executor_->running(), ElementsAre("work"));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, GoesOnInTheSameTraceWhetherGivenOrTheJobsOwn) {
  given_workflow(kOne);
  const std::string given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Caller caller;
  caller.traceparent = given;
  const JobId own = submit("one");
  SubmitJob job;
  job.workflow_key = "one";
  ASSERT_TRUE(try_submit(job, caller).ok());
  std::string hex = to_string(own);
  std::erase(hex, '-');
  const std::vector<std::string> expected = {"00-" + hex + "-" + hex.substr(16) + "-01", given};
  EXPECT_EQ(executor_->traces(), expected);
  EXPECT_EQ(row(own).spec.view().find("traceparent"), std::string_view::npos);

  restart_node();
  const auto traces = executor_->traces();
  EXPECT_THAT(traces, UnorderedElementsAre(expected[0], expected[1], expected[0], expected[1]));
}

TEST_F(NodeTest, DoesNotStartAgainWhatMustNotBeDoneTwice) {
  given_workflow("{key: pay, timeout: 60s, steps: [{name: pay, type: noop, idempotent: false}]}");
  const JobId job = submit("pay");
  ASSERT_THAT(executor_->running(), ElementsAre("pay"));
  restart_node();
  pass(1h, 10s);
  EXPECT_EQ(executor_->count_started("pay"), 1u);
  EXPECT_FALSE(has_ended(status(job)));  // doubt_test.cpp tells how it goes on
}

TEST_F(NodeTest, KeepsTheDeadlineOfARunAcrossACrash) {
  given_workflow("{key: slow, timeout: 20s, steps: [{name: work, type: noop, timeout: 1h}]}");
  const JobId job = submit("slow");
  pass(10s);
  restart_node();
  pass(8s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(2s);
  EXPECT_EQ(error_code(job), "run_timeout");
}

TEST_F(NodeTest, EndsARunThatWasBeingCancelled) {
  given_workflow(kOne);
  executor_->never_stops("work");
  const JobId job = submit("one");
  ask_cancel(job);
  run();
  ASSERT_FALSE(has_ended(status(job)));
  restart_node();
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_THAT(executor_->running(), IsEmpty());
}

TEST_F(NodeTest, EndsARunAsPoisonWhenItIsTakenOverTooOften) {
  given_workflow(kOne);
  const JobId job = submit("one");
  for (int recovery = 1; recovery <= limits::kRecoveriesMax; ++recovery) {
    restart_node();
    ASSERT_THAT(executor_->running(), ElementsAre("work")) << recovery;
  }
  restart_node();
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "poison");
}

TEST_F(NodeTest, CountsOnlyTakeOversWithoutACompletedTaskAsPoison) {
  given_workflow(kTwo);
  const JobId job = submit("two");
  for (int i = 0; i < limits::kRecoveriesMax; ++i) restart_node();
  executor_->complete("first");
  run();
  for (int i = 0; i < limits::kRecoveriesMax; ++i) restart_node();
  executor_->complete("second");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, TakesOverMoreJobsThanOnePageOfThem) {
  given_workflow(kOne);
  executor_->ends_at_once("work");
  script_.all_commits(Fate::goes_through);
  start_node(0);  // nothing runs yet
  for (int i = 0; i < 1'001; ++i) submit("one");
  EXPECT_EQ(executor_->count_started("work"), 0u);
  restart_node();
  EXPECT_EQ(executor_->count_started("work"), 1'001u);
  for (const JobId& job : jobs_) ASSERT_EQ(status(job), Status::success);
}

}  // namespace
}  // namespace troupe::test
