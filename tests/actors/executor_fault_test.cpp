// What an executor does wrong is one step's failure, with a code; never its worker's or the node's.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ExecutorFaultTest : public NodeTest {
 protected:
  ExecutorFaultTest() {
    given_workflow("{key: one, steps: [{name: work, type: noop, retry: {max_attempts: 1}}]}");
    given_workflow("{key: again, steps: [{name: work, type: noop, retry: {max_attempts: 2, initial: 1s}}]}");
  }
};

TEST_F(ExecutorFaultTest, OneThatThrowsAtTheStartFailsThatStep) {
  executor_->throws_once("work");
  const JobId job = submit("one");
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "executor_failed");
  EXPECT_THAT(executor_->running(), IsEmpty()) << "what it had begun is stopped";
  EXPECT_EQ(metrics_.restarts["worker:worker"], 0) << "the worker lives on";

  const JobId next = submit("one");
  executor_->complete("work");
  run();
  EXPECT_EQ(status(next), Status::success);
}

TEST_F(ExecutorFaultTest, OneThatThrewIsTriedAgainByThePolicy) {
  executor_->throws_once("work");
  const JobId job = submit("again");
  EXPECT_THAT(actions(job), ElementsAre("job.accepted", "step.retrying"));
  pass(2s);
  executor_->complete("work");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(ExecutorFaultTest, OnlyTheFirstOfTwoAnswersCounts) {
  executor_->answers_twice("work");
  const JobId job = submit("one");
  executor_->complete("work");
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(times_ended(job), 1u);
  EXPECT_EQ(busy_slots(), 0u);
}

}  // namespace
}  // namespace troupe::test
