// Cancelling: whatever the job does at the time, it ends once, its work is told to stop, and no slot is lost.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kOne = "{key: one, steps: [{name: work, type: noop}]}";

TEST_F(NodeTest, CancelsAJobThatRunsAndTellsItsExecutorToStop) {
  given_workflow("{key: two, steps: [{name: work, type: noop}, {name: after, type: noop}]}");
  const JobId job = submit("two");
  const auto change = cancel(job);
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(error_code(job), "cancelled");
  EXPECT_EQ(executor_->count_started("after"), 0u);
  EXPECT_EQ(busy_slots(), 0u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, CancelsAJobThatIsQueued) {
  start_node(1);
  given_workflow(kOne);
  submit("one");
  const JobId queued = submit("one");
  ASSERT_TRUE(cancel(queued).ok());
  EXPECT_EQ(status(queued), Status::cancelled);
  EXPECT_THAT(executor_->stopped(), IsEmpty()) << "the other job's work goes on";
  executor_->complete("work");
  run();
  EXPECT_EQ(executor_->count_started("work"), 1u);
}

TEST_F(NodeTest, CancelsAJobThatWaitsForATimer) {
  given_workflow("{key: soon, steps: [{name: wait, type: delay, config: {duration: 30s}}, {name: after, type: noop}]}");
  const JobId job = submit("soon");
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
  pass(60s);
  EXPECT_EQ(executor_->count_started("after"), 0u);
}

TEST_F(NodeTest, CancelsAJobThatRests) {
  given_workflow("{key: far, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  const JobId job = submit("far");
  ASSERT_EQ(live_jobs(), 0u);
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, CancelsAJobBetweenTwoAttempts) {
  given_workflow("{key: again, steps: [{name: work, type: noop, retry: {initial: 10s, jitter: none}}]}");
  executor_->fails("work", 1);
  const JobId job = submit("again");
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
  pass(60s);
  EXPECT_EQ(executor_->count_started("work"), 1u);
}

TEST_F(NodeTest, RefusesToCancelAJobThatHasEnded) {
  given_workflow(kOne);
  const JobId job = submit("one");
  executor_->complete("work");
  run();
  EXPECT_EQ(cancel(job).error().code, ErrorCode::job_finished);
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, AnswersTheSecondOfTwoCancelsToo) {
  given_workflow(kOne);
  const JobId job = submit("one");
  const auto first = ask_cancel(job), second = ask_cancel(job);
  run();
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(times_ended(job), 1u);
}

TEST_F(NodeTest, SettlesACancelThatRacesACompletionOneWayOnly) {
  given_workflow(kOne);
  int cancelled = 0, completed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = submit("one");
    const auto answer = ask_cancel(job);
    executor_->complete("work");
    run_shuffled(seed);
    ASSERT_TRUE(answer->has_value());
    ASSERT_EQ(times_ended(job), 1u);
    ASSERT_EQ(busy_slots(), 0u);
    if (status(job) == Status::cancelled) {
      ASSERT_TRUE((*answer)->ok());
      ++cancelled;
    } else {
      ASSERT_EQ(status(job), Status::success);
      ASSERT_EQ((*answer)->error().code, ErrorCode::job_finished);
      ++completed;
    }
  }
  EXPECT_GT(cancelled, 0);
  EXPECT_GT(completed, 0);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, UndoesWhatWasDoneWhenAJobIsCancelled) {
  given_workflow(R"(
key: saga
steps:
  - {name: book, type: noop, compensate: {type: noop}}
  - {name: pay, type: noop}
)");
  const JobId job = submit("saga");
  executor_->complete("book");
  run();
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_THAT(executor_->started(), ElementsAre("book", "pay", "book"));
  EXPECT_FALSE(has_ended(status(job))) << "it ends when it is undone";
  executor_->complete("book");
  run();
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(NodeTest, ShowsAnUndoingThatAWorkerHasAsWaitingForNothing) {
  given_workflow(R"(
key: saga
steps:
  - {name: book, type: noop, compensate: {type: noop, retry: {max_attempts: 2, initial: 10s, jitter: none}}}
  - {name: pay, type: noop}
)");
  const JobId job = submit("saga");
  executor_->complete("book");
  run();
  ASSERT_TRUE(cancel(job).ok());
  ASSERT_THAT(executor_->running(), ElementsAre("book"));
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::nothing);
  ASSERT_TRUE(executor_->progress("book", 0.5, "gives the seat back"));
  run();
  const RunView undone = view(job).newest;
  EXPECT_EQ(undone.waiting_for, WaitingFor::nothing);
  EXPECT_EQ(undone.message, "gives the seat back");
  EXPECT_EQ(undone.steps.at(0).waiting_for, WaitingFor::nothing);
  EXPECT_EQ(undone.steps.at(0).message, "gives the seat back");
  EXPECT_EQ(undone.steps.at(0).progress, 1) << "the step itself was done";

  ASSERT_TRUE(executor_->fail("book", /*retryable=*/true));
  run();
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::timer);
  EXPECT_EQ(view(job).newest.message, "") << "of an attempt that has ended nothing is told";
  pass(11s);
  executor_->complete("book");
  run();
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(NodeTest, ShowsAnUndoingThatNoWorkerHasAsWaitingForOne) {
  start_node(/*slots=*/1);
  given_workflow("{key: saga, steps: [{name: book, type: noop, compensate: {type: noop}}, {name: pay, type: noop}]}");
  given_workflow("{key: other, steps: [{name: other, type: noop}]}");
  const JobId job = submit("saga");
  submit("other");
  executor_->complete("book");
  run();
  executor_->complete("other");
  run();
  ASSERT_THAT(executor_->running(), ElementsAre("pay"));
  submit("other");
  ASSERT_TRUE(cancel(job).ok());
  ASSERT_THAT(executor_->running(), ElementsAre("other"));
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::worker);
  executor_->complete("other");
  run();
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::nothing);
  executor_->complete("book");
  run();
  EXPECT_EQ(status(job), Status::cancelled);
}

}  // namespace
}  // namespace troupe::test
