// What became of an attempt that had begun when its process died, and must not be begun again: people decide.
#include <gmock/gmock.h>

#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

using Steps = std::vector<StepIndex>;
using ::testing::HasSubstr;

class DoubtTest : public RunTest {
 protected:
  StepDefinition& once(const std::string& name, std::vector<StepIndex> needs = {}) {
    StepDefinition& made = step(name, StepType::http, std::move(needs));
    made.idempotent = false;
    return made;
  }
  void undone_by(StepDefinition& made, StepType type) {
    made.compensate = Compensation{type, Document("{}"), Millis(1'000), {}};
    made.compensate->retry.jitter = Jitter::none;
  }
  TaskKey undoing(StepIndex index, ItemIndex item = 0) const { return {state.run, index, item, 1, true, state.epoch}; }
  static ResolveDoubt resolve(const std::string& step, Resolution resolution,
                              const std::optional<ItemIndex>& item = {}) {
    return {step, item, resolution, {}, {}};
  }
  /// The process dies while these are at work.
  void lose(const std::vector<TaskKey>& tasks) {
    for (const TaskKey& lost : tasks) given(StartTask{lost, "worker"});
    given(RecoverRun{});
  }
  /// A run of `pay` alone, in doubt.
  void given_doubt() {
    once("pay");
    start();
    lose({task(0)});
    ASSERT_EQ(waiting_for(state, now), WaitingFor::approval);
  }
  ErrorCode refusal(const Command& command) {
    const auto decided = try_command(command);
    EXPECT_FALSE(decided.ok());
    return decided.ok() ? ErrorCode::internal : decided.error().code;
  }
};

TEST_F(DoubtTest, WhatWasDoneHasTheOutputsThatAreToldAndTheRunGoesOn) {
  once("pay"), step("ship", StepType::http, {0});
  start();
  lose({task(0)});
  given(ResolveDoubt{"pay", {}, Resolution::done, Document(R"({"id":7})"), "the bank has it"});
  EXPECT_EQ(decision.events.front(), Event(DoubtResolved{task(0), Resolution::done, "the bank has it", now}));
  const Effect kept = KeepResult{task(0), Document(R"({"id":7})")};
  EXPECT_EQ(std::count(decision.effects.begin(), decision.effects.end(), kept), 1);
  EXPECT_EQ(dispatched(), (Steps{1}));
  complete(1);
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(DoubtTest, WithoutOutputsWhatWasDoneGaveNull) {
  given_doubt();
  given(resolve("pay", Resolution::done));
  const Effect kept = KeepResult{task(0), Document("null")};
  EXPECT_EQ(std::count(decision.effects.begin(), decision.effects.end(), kept), 1);
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(DoubtTest, WhatIsRepeatedIsTheSameAttemptAndHasAllItsRetries) {
  once("pay").retry.max_attempts = 2;
  start();
  lose({task(0)});
  given(resolve("pay", Resolution::repeat));
  EXPECT_EQ(dispatched(), (Steps{0}));
  fail(0, /*retryable=*/true);
  EXPECT_FALSE(has_ended(state.status));
  now += Millis(1'000);
  given(FireTimer{TimerKind::item_due, task(0, 0, 2)});
  complete(0, 0, 2);
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(DoubtTest, WhatIsRepeatedAndLostAgainIsInDoubtAgainAndCountsAsPoison) {
  given_doubt();
  for (int i = 1; i < limits::kRecoveriesMax; ++i) {
    given(resolve("pay", Resolution::repeat));
    lose({task(0)});
    ASSERT_EQ(waiting_for(state, now), WaitingFor::approval) << i;
  }
  given(RecoverRun{});  // nothing was at work
  ASSERT_EQ(waiting_for(state, now), WaitingFor::approval);
  given(resolve("pay", Resolution::repeat));
  lose({task(0)});
  ASSERT_TRUE(state.error.has_value());
  EXPECT_EQ(state.error->code, ErrorCode::poison);
}

TEST_F(DoubtTest, WhatFailedIsNotRetriedAndWhatCameBeforeIsUndone) {
  undone_by(step("reserve"), StepType::http);
  once("pay", {0}).retry.max_attempts = 5;
  start();
  complete(0);
  lose({task(1)});
  given(ResolveDoubt{"pay", {}, Resolution::failed, {}, "no such payment"});
  EXPECT_EQ(state.steps[1].status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::in_doubt);
  EXPECT_THAT(state.error->message, HasSubstr("no such payment"));
  given(CompleteTask{undoing(0), now});
  EXPECT_EQ(state.status, Status::failed);
}

TEST_F(DoubtTest, AnItemThatFailedIsCollectedWhereItemsMayFail) {
  StepDefinition& pay = once("pay");
  pay.for_each = ".inputs.list";
  pay.item_failures = ItemFailures::collect;
  evaluator.items[0] = 2;
  start();
  complete(0, 0);
  lose({task(0, 1)});
  given(resolve("pay", Resolution::failed, 1));
  EXPECT_EQ(evaluator.failures[0][1].code, ErrorCode::in_doubt);
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(DoubtTest, WhereSeveralItemsAreInDoubtOneHasToBeNamed) {
  once("pay").for_each = ".inputs.list";
  evaluator.items[0] = 3;
  start();
  lose({task(0, 0), task(0, 2)});  // the other one was not at work yet, and is begun again
  const auto refused = try_command(resolve("pay", Resolution::done));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::validation_failed);
  ASSERT_EQ(refused.error().faults.size(), 1u);
  EXPECT_EQ(refused.error().faults[0].pointer, "/item");
  EXPECT_THAT(refused.error().faults[0].message, HasSubstr("0, 2"));
  EXPECT_EQ(refusal(resolve("pay", Resolution::done, 1)), ErrorCode::conflict);
  given(resolve("pay", Resolution::done, 2));
  given(resolve("pay", Resolution::done));
  EXPECT_TRUE(state.steps[0].done.test(0) && state.steps[0].done.test(2) && !state.steps[0].done.test(1));
}

TEST_F(DoubtTest, OnlyWhatIsInDoubtCanBeDecidedAbout) {
  once("pay"), step("ship", StepType::http, {0});
  start();
  EXPECT_EQ(refusal(resolve("pay", Resolution::done)), ErrorCode::conflict);  // it is at work, or will be
  lose({task(0)});
  EXPECT_EQ(refusal(resolve("ship", Resolution::done)), ErrorCode::conflict);
  EXPECT_EQ(refusal(resolve("pai", Resolution::done)), ErrorCode::not_found);
  given(resolve("pay", Resolution::done));
  EXPECT_EQ(refusal(resolve("pay", Resolution::done)), ErrorCode::conflict);  // somebody was quicker
  complete(1);
  EXPECT_EQ(refusal(resolve("pay", Resolution::failed)), ErrorCode::job_finished);
}

TEST_F(DoubtTest, ACancelledRunDoubtsNothing) {
  undone_by(step("reserve"), StepType::http);
  once("pay", {0});
  start();
  complete(0);
  lose({task(1)});
  given(CancelRun{"enough"});
  EXPECT_EQ(state.phase, RunPhase::compensating);
  EXPECT_EQ(refusal(resolve("pay", Resolution::done)), ErrorCode::conflict);
}

TEST_F(DoubtTest, TheTimeThatPeopleTakeIsNotTheRuns) {
  given_doubt();
  const Timestamp deadline = state.deadline;
  now += Millis(3'600'000);
  given(FireTimer{TimerKind::run_deadline, {state.run}});
  ASSERT_FALSE(has_ended(state.status));
  given(resolve("pay", Resolution::repeat));
  EXPECT_EQ(state.deadline, deadline + Millis(3'600'000));
}

TEST_F(DoubtTest, TheRunsTimeGoesOnWhileAnythingElseIsUnderWay) {
  once("pay"), step("other");
  start();
  lose({task(0)});
  now = state.deadline;
  given(FireTimer{TimerKind::run_deadline, {state.run}});
  ASSERT_EQ(state.phase, RunPhase::stopping);
  EXPECT_EQ(state.steps[0].status, Status::cancelled);
}

/// `pay` was done and is being undone when the process dies.
class UndoingInDoubt : public DoubtTest {
 protected:
  void given_undoing(StepType type) {
    undone_by(step("reserve"), StepType::http);
    undone_by(once("pay", {0}), type);
    step("ship", StepType::http, {1});
    start();
    complete(0);
    given(StartTask{task(1), "worker"});
    complete(1);
    fail(2);
    lose({undoing(1)});
  }
};

TEST_F(UndoingInDoubt, IsNotBegunAgainAndWaitsForAPersonHoweverOftenTheRunIsTakenOver) {
  given_undoing(StepType::http);
  for (int i = 0; i < 2 * limits::kRecoveriesMax; ++i) {
    EXPECT_EQ(dispatched(), Steps{});
    EXPECT_EQ(waiting_for(state, now), WaitingFor::approval);
    given(RecoverRun{});
    EXPECT_TRUE(decision.events.empty());
  }
}

TEST_F(UndoingInDoubt, ThatWasDoneIsUndone) {
  given_undoing(StepType::http);
  given(resolve("pay", Resolution::done));
  EXPECT_EQ(dispatched(), (Steps{0}));
  given(CompleteTask{undoing(0), now});
  EXPECT_EQ(state.error->code, ErrorCode::http_failed);
}

TEST_F(UndoingInDoubt, ThatIsRepeatedIsBegunAgain) {
  given_undoing(StepType::http);
  given(resolve("pay", Resolution::repeat));
  EXPECT_EQ(dispatched(), (Steps{1}));
  given(StartTask{undoing(1), "worker"});
  given(CompleteTask{undoing(1), now});
  EXPECT_EQ(dispatched(), (Steps{0}));
}

TEST_F(UndoingInDoubt, ThatFailedIsListedAndTheOthersGoOn) {
  given_undoing(StepType::http);
  given(ResolveDoubt{"pay", 0, Resolution::failed, {}, "by hand, tomorrow"});
  EXPECT_EQ(dispatched(), (Steps{0}));
  given(CompleteTask{undoing(0), now});
  EXPECT_EQ(state.error->code, ErrorCode::compensation_incomplete);
  ASSERT_EQ(state.error->faults.size(), 1u);
  EXPECT_EQ(state.error->faults[0].pointer, "/steps/1/compensate");
  EXPECT_THAT(state.error->faults[0].message, HasSubstr("by hand, tomorrow"));
}

TEST_F(UndoingInDoubt, CannotBeOneByAJobOfItsOwnWhichIsFoundAgain) {
  given_undoing(StepType::workflow);
  EXPECT_EQ(dispatched(), (Steps{1}));
}

}  // namespace
}  // namespace troupe
