// A run that is given up ends, whatever it was at, and nothing is asked or started for it.
#include "troupe/domain/give_up.hpp"

#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

const Error kWhy{ErrorCode::poison, "it broke again and again", false, {}};

class GiveUpTest : public RunTest {
 protected:
  void give_up() {
    decision = troupe::give_up(state, kWhy, Context{workflow, evaluator, random, now});
    for (const Event& event : decision.events) apply(state, event, workflow);
  }
};

TEST_F(GiveUpTest, EndsARunThatHasAnythingUnderWay) {
  step("work");
  step("pause", StepType::delay);
  step("wait", StepType::signal).timeout = Millis(0);
  step("later", StepType::http, {0, 1, 2});
  evaluator.delays[1] = Millis(5'000);
  evaluator.signals[2] = "go";
  start();
  give_up();
  EXPECT_EQ(state.phase, RunPhase::ended);
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error, kWhy);
  EXPECT_EQ(decision.effects.size(), 1u);
  EXPECT_EQ(count<FinishRun>(), 1u);
  for (const StepState& step : state.steps) EXPECT_TRUE(step.live.empty());
}

TEST_F(GiveUpTest, UndoesNothingAndListsWhatIsNotUndone) {
  step("paid").compensate.emplace();
  step("sent", StepType::http, {0}).compensate.emplace();
  step("work", StepType::http, {1});
  start();
  complete(0);
  complete(1);
  give_up();
  EXPECT_EQ(state.status, Status::failed);
  ASSERT_TRUE(state.error.has_value());
  EXPECT_EQ(state.error->code, ErrorCode::compensation_incomplete);
  EXPECT_EQ(state.error->faults.size(), 2u);
  EXPECT_TRUE(dispatched().empty());
}

TEST_F(GiveUpTest, EndsARunThatIsUndoingOrStopping) {
  step("paid").compensate.emplace();
  step("work", StepType::http, {0});
  start();
  complete(0);
  const RunState stopping = [&] {
    given(CancelRun{"not wanted"});
    return state;
  }();
  ASSERT_EQ(stopping.phase, RunPhase::stopping);
  give_up();
  EXPECT_EQ(state.phase, RunPhase::ended);

  state = stopping;
  given(TaskStopped{task(1)});
  ASSERT_TRUE(state.compensation.has_value());
  give_up();
  EXPECT_EQ(state.phase, RunPhase::ended);
  EXPECT_EQ(state.error->code, ErrorCode::compensation_incomplete);
}

TEST_F(GiveUpTest, LeavesARunAloneThatHasEnded) {
  step("work");
  start();
  complete(0);
  give_up();
  EXPECT_TRUE(decision.events.empty());
  EXPECT_EQ(state.status, Status::success);
}

}  // namespace
}  // namespace troupe
