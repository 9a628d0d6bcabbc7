// One failing run fails alone; a database that is away is said to be, and is noticed when it is back.
#include <gmock/gmock.h>

#include <stdexcept>

#include "actors/node_fixture.hpp"
#include "actors/wrapped_evaluator.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

/// Throws when the outputs of a run of the workflow `broken` are asked for, `times` times.
class ThrowingEvaluators final : public EvaluatorFactory {
 public:
  ThrowingEvaluators(std::unique_ptr<EvaluatorFactory> inner, int times) : inner_(std::move(inner)), times_(times) {}

  std::unique_ptr<Evaluator> make(WorkflowPtr workflow, RunFacts facts) override {
    const bool broken = workflow->key == "broken";
    auto evaluator = inner_->make(std::move(workflow), std::move(facts));
    return broken ? std::make_unique<Throwing>(std::move(evaluator), times_) : std::move(evaluator);
  }

 private:
  class Throwing final : public WrappedEvaluator {
   public:
    Throwing(std::unique_ptr<Evaluator> inner, int& times) : WrappedEvaluator(std::move(inner)), times_(times) {}
    Result<Document> outputs() override {
      if (times_ > 0) {
        --times_;
        throw std::runtime_error("a fault of ours");
      }
      return WrappedEvaluator::outputs();
    }

   private:
    int& times_;
  };

  std::unique_ptr<EvaluatorFactory> inner_;
  int times_;
};

class CrashTest : public NodeTest {
 protected:
  /// Runs of the workflow `broken` crash when their work is done, so often.
  void given_crashes(int times) {
    crash_node();
    evaluators_ = std::make_unique<ThrowingEvaluators>(std::move(evaluators_), times);
    start_node();
    given_workflow("{key: broken, steps: [{name: bad, type: noop}]}");
    given_workflow("{key: fine, steps: [{name: good, type: noop}]}");
    executor_->ends_at_once("bad");
  }
};

TEST_F(CrashTest, LoadsARunThatCrashedOnceAgainAndEndsItOnce) {
  given_crashes(1);
  const JobId job = submit("broken");
  EXPECT_FALSE(has_ended(status(job)));
  pass(1s);
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(executor_->count_started("bad"), 2u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(CrashTest, EndsARunThatCrashesForEverAsPoisonWhileNeighboursGoOn) {
  given_crashes(1'000);
  const JobId neighbour = submit("fine");
  const JobId job = submit("broken");
  pass(30s);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "poison");
  ASSERT_TRUE(executor_->complete("good"));
  run();
  EXPECT_EQ(status(neighbour), Status::success);
  EXPECT_EQ(executor_->count_started("good"), 1u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(CrashTest, KeepsAMessageForAJobThatIsBeingLoadedAgain) {
  given_crashes(1'000);
  const JobId job = submit("broken");
  const auto answer = ask_cancel(job);
  run();
  EXPECT_FALSE(answer->has_value());
  pass(1s);
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE((*answer)->ok());
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(NodeTest, LoadsARunAgainWhoseChangeIsRefusedAndNotItsNeighbours) {
  given_workflow("{key: one, steps: [{name: work, type: noop}]}");
  const JobId refused = submit("one"), neighbour = submit("one");
  script_.refuse(refused);
  executor_->complete("work");
  executor_->complete("work");
  run();
  EXPECT_FALSE(has_ended(status(refused)));
  EXPECT_EQ(status(neighbour), Status::success);
}

TEST_F(NodeTest, TellsTheRunsOfAWorkerThatDiedAndGivesTheirWorkToTheOneInItsPlace) {
  given_workflow("{key: one, steps: [{name: work, type: noop, retry: {max_attempts: 2, initial: 1s, jitter: none}}]}");
  const JobId job = submit("one");
  kill_worker();
  EXPECT_THAT(actions(job), ElementsAre("job.accepted", "step.retrying"));
  EXPECT_THAT(executor_->stopped(), ElementsAre("work")) << "nobody would take its outcome";
  EXPECT_EQ(busy_slots(), 0u);
  pass(2s);
  EXPECT_EQ(executor_->count_started("work"), 2u);
  EXPECT_EQ(busy_slots(), 1u);
  ASSERT_TRUE(executor_->complete("work"));
  run();
  EXPECT_EQ(status(job), Status::success);
}

// --- the database ----------------------------------------------------------------------------------------------------

struct Outage {
  const char* name;
  Fate fate;
  const char* reason;
};
class OutageTest : public NodeTest, public ::testing::WithParamInterface<Outage> {
 protected:
  OutageTest() { given_workflow("{key: one, steps: [{name: work, type: noop}]}"); }
};

TEST_P(OutageTest, MakesTheNodeNotReadyUntilItIsOver) {
  const JobId job = submit("one");
  EXPECT_TRUE(gateway().readiness().ready);
  script_.all_commits(GetParam().fate);
  executor_->complete("work");
  run();
  EXPECT_FALSE(gateway().readiness().ready);
  EXPECT_THAT(gateway().readiness().reasons, ElementsAre(GetParam().reason));
  SubmitJob refused;
  refused.workflow_key = "one";
  EXPECT_FALSE(try_submit(refused).ok());
  pass(10s);
  EXPECT_FALSE(gateway().readiness().ready);

  script_.all_commits(Fate::goes_through);
  pass(10s);
  EXPECT_TRUE(gateway().readiness().ready);
  EXPECT_EQ(status(job), Status::success) << "nothing decided is lost";
}

TEST_P(OutageTest, IsNoticedToBeOverByANodeThatHasNothingToWrite) {
  script_.all_commits(GetParam().fate);
  SubmitJob refused;
  refused.workflow_key = "one";
  EXPECT_FALSE(try_submit(refused).ok());
  ASSERT_FALSE(gateway().readiness().ready);
  pass(10s);
  ASSERT_FALSE(gateway().readiness().ready);
  script_.all_commits(Fate::goes_through);
  pass(10s);
  EXPECT_TRUE(gateway().readiness().ready);
  EXPECT_NE(submit("one"), JobId{});
}

INSTANTIATE_TEST_SUITE_P(Outages, OutageTest,
                         ::testing::Values(Outage{"Unreachable", Fate::unavailable, "the database does not answer"},
                                           Outage{"Full", Fate::full, "the database's disk is full"}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(NodeTest, IsNotReadyOnceAnotherNodeHasItsShards) {
  given_workflow("{key: one, steps: [{name: work, type: noop}]}");
  const JobId job = submit("one");
  ASSERT_TRUE((*store_->writer())->acquire({0}, "other").ok());
  executor_->complete("work");
  run();
  EXPECT_FALSE(gateway().readiness().ready);
  EXPECT_FALSE(has_ended(status(job))) << "the other node decides from now on";
  SubmitJob refused;
  refused.workflow_key = "one";
  EXPECT_EQ(try_submit(refused).error().code, ErrorCode::not_ready);
}

}  // namespace
}  // namespace troupe::test
