// Workers that die are started again, within bounds; without one, only its own steps wait.
#include <gmock/gmock.h>

#include "actors/node/restart_budget.hpp"
#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RestartBudget, PausesGrowAndTheSixthDeathWithinAWindowIsOneTooMany) {
  RestartBudget budget;
  Timestamp now = from_unix_ms(1'000'000);
  for (const Millis pause : {200ms, 400ms, 800ms, 1'600ms, 3'200ms}) {
    const auto verdict = budget.died(now);
    EXPECT_EQ(verdict.pause, pause);
    EXPECT_FALSE(verdict.given_up);
    now += pause;
  }
  EXPECT_EQ(budget.in_window(now), RestartBudget::kMost);
  EXPECT_TRUE(budget.died(now).given_up);
  EXPECT_EQ(budget.died(now).pause, RestartBudget::kWindow);
}

TEST(RestartBudget, ForgetsDeathsThatAreAWindowAgo) {
  RestartBudget budget;
  const Timestamp now = from_unix_ms(1'000'000);
  for (std::size_t i = 0; i < RestartBudget::kMost; ++i) budget.died(now);
  const auto later = budget.died(now + RestartBudget::kWindow);
  EXPECT_FALSE(later.given_up);
  EXPECT_EQ(later.pause, RestartBudget::kPauseFirst);
}

/// Two workers: `worker` for all but exec, and `exec`.
class WorkersTest : public NodeTest {
 protected:
  WorkersTest() {
    adjust_ = [this](NodeOptions& options) {
      options.workers[0].executors.erase(StepType::exec);
      options.workers.push_back({"exec", 2, {{StepType::exec, executor_}}});
    };
    start_node();
    given_workflow("{key: out, steps: [{name: outside, type: exec, config: {command: x}, retry: {max_attempts: 9}}]}");
    given_workflow("{key: in, steps: [{name: inside, type: noop}]}");
  }

  void exhaust() {
    for (std::size_t i = 0; i < RestartBudget::kMost; ++i) {
      kill_worker("exec");
      pass(4s);
    }
    kill_worker("exec");
  }
  ActorView view(const std::string& id) {
    const ActorView root = actor_tree();
    const ActorView* found = find_actor(root, id);
    return found ? *found : ActorView{};
  }
};

TEST_F(WorkersTest, IsStartedAgainAfterAPause) {
  kill_worker("exec");
  EXPECT_EQ(view("worker:exec").condition, ActorCondition::restarting);
  EXPECT_FALSE(metrics_.up["exec"]);
  EXPECT_TRUE(metrics_.up["worker"]);
  EXPECT_THAT(gateway().readiness().warnings, IsEmpty());
  pass(250ms, 50ms);
  EXPECT_EQ(view("worker:exec").condition, ActorCondition::running);
  EXPECT_EQ(view("worker:exec").restarts, 1u);
  EXPECT_NE(view("worker:exec").last_error, "");
  EXPECT_TRUE(metrics_.up["exec"]);
  EXPECT_EQ(metrics_.restarts["worker:exec"], 1);
}

TEST_F(WorkersTest, OneThatDiesTooOftenIsGivenUpAndOnlyItsOwnStepsWait) {
  exhaust();
  EXPECT_EQ(view("worker:exec").condition, ActorCondition::given_up);
  EXPECT_EQ(metrics_.restarts["worker:exec"], static_cast<int>(RestartBudget::kMost));
  const Readiness readiness = gateway().readiness();
  EXPECT_TRUE(readiness.ready) << "all other work is done";
  EXPECT_THAT(readiness.warnings, ElementsAre(HasSubstr("the worker exec")));

  const JobId waiting = submit("out"), other = submit("in");
  EXPECT_EQ(view("broker").waiting, 1u);
  ASSERT_TRUE(executor_->complete("inside"));
  run();
  EXPECT_EQ(status(other), Status::success);
  EXPECT_FALSE(has_ended(status(waiting)));
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_TRUE(cancel(waiting).ok());
  EXPECT_EQ(status(waiting), Status::cancelled);
}

TEST_F(WorkersTest, OneThatWasGivenUpIsTriedAgainAfterAWhile) {
  exhaust();
  const JobId job = submit("out");
  pass(55s);
  EXPECT_FALSE(metrics_.up["exec"]);
  pass(6s);
  EXPECT_TRUE(metrics_.up["exec"]);
  EXPECT_THAT(gateway().readiness().warnings, IsEmpty());
  ASSERT_TRUE(executor_->complete("outside"));
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(WorkersTest, AnOperatorStartsOneThatWasGivenUp) {
  exhaust();
  const JobId job = submit("out");
  ASSERT_TRUE(restart_actor("worker:exec").ok());
  EXPECT_TRUE(metrics_.up["exec"]);
  ASSERT_TRUE(executor_->complete("outside"));
  run();
  EXPECT_EQ(status(job), Status::success);
  pass(61s);
  EXPECT_EQ(view("worker:exec").restarts, RestartBudget::kMost + 1) << "the start that was planned is not done as well";
}

TEST_F(WorkersTest, AnOperatorReplacesOneThatWorksAndItsStepsAreRetried) {
  const JobId job = submit("out");
  ASSERT_THAT(executor_->running(), ElementsAre("outside"));
  ASSERT_TRUE(restart_actor("worker:exec").ok());
  EXPECT_THAT(executor_->stopped(), ElementsAre("outside"));
  pass(5s);
  EXPECT_THAT(executor_->running(), ElementsAre("outside"));
  EXPECT_EQ(executor_->count_started("outside"), 2u);
  executor_->complete("outside");
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(view("worker:exec").restarts_in_window, 0u) << "it did not die of itself";
}

TEST_F(WorkersTest, WhatAWorkerNeverStartedIsNotLost) {
  exhaust();
  const JobId job = submit("out");
  restart_node();
  ASSERT_TRUE(executor_->complete("outside"));
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(executor_->count_started("outside"), 1u);
}

}  // namespace
}  // namespace troupe::test
