#include <gmock/gmock.h>

#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

using Steps = std::vector<StepIndex>;

TEST_F(RunTest, StepsWithoutNeedsBeginAtOnceAndOthersWhenTheirNeedsAreMet) {
  step("a"), step("b"), step("c", StepType::http, {0, 1});
  start();
  EXPECT_EQ(dispatched(), (Steps{0, 1}));
  complete(0);
  EXPECT_EQ(dispatched(), Steps{});
  complete(1);
  EXPECT_EQ(dispatched(), (Steps{2}));
  complete(2);
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(count<FinishRun>(), 1u);
}

TEST_F(RunTest, AnOutcomeCountsOnce) {
  step("a"), step("b", StepType::http, {0});
  start();
  complete(0);
  const auto again = try_command(CompleteTask{task(0), now});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(RunTest, AFailedAttemptIsRetriedWhenItsBackOffHasPassed) {
  step("a").retry.max_attempts = 2;
  start();
  fail(0, /*retryable=*/true);
  EXPECT_EQ(dispatched(), Steps{});
  EXPECT_EQ(waiting_for(state, now), WaitingFor::timer);
  now += Millis(1'000);
  given(FireTimer{TimerKind::item_due, task(0, 0, 2)});
  EXPECT_EQ(dispatched(), (Steps{0}));
  EXPECT_TRUE(decision.events.empty());
  fail(0, true, 2);
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::http_failed);
}

TEST_F(RunTest, AnErrorThatIsNotRetryableEndsTheRunAtOnce) {
  step("a");
  start();
  fail(0, /*retryable=*/false);
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(count<FinishRun>(), 1u);
}

TEST_F(RunTest, AStepThatTakesTooLongIsStoppedAndRetried) {
  step("a").timeout = Millis(500);
  start();
  given(StartTask{task(0), "worker"});
  EXPECT_TRUE(decision.events.empty()) << "an idempotent step inside the process starts without a commit";
  now += Millis(500);
  given(FireTimer{TimerKind::task_deadline, task(0)});
  EXPECT_EQ(count<StopTask>(), 1u);
  EXPECT_EQ(state.steps[0].live.at(0).attempt, 2);
}

TEST_F(RunTest, AStepThatLeavesTheProcessCommitsItsStart) {
  step("a", StepType::exec);
  start();
  given(StartTask{task(0), "worker"});
  ASSERT_EQ(decision.events.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<TaskStarted>(decision.events[0]));
  EXPECT_EQ(count<AdmitTask>(), 1u);
}

TEST_F(RunTest, ACancelledRunEndsOnlyWhenWhatRunsHasStopped) {
  step("a"), step("b");
  start();
  given(CancelRun{"enough"});
  EXPECT_EQ(count<StopTask>(), 2u);
  EXPECT_NE(state.phase, RunPhase::ended);
  given(TaskStopped{task(0)});
  complete(1);  // it was faster than the stop
  EXPECT_EQ(state.status, Status::cancelled);
  EXPECT_EQ(state.steps[0].status, Status::cancelled);
  EXPECT_EQ(state.steps[1].status, Status::success);
}

TEST_F(RunTest, NothingOfAHeldRunBeginsBeforeItIsAdmitted) {
  step("a");
  state = make_run(RunId{{1}}, 1, workflow, now, Millis(60'000));
  given(StartRun{true});
  EXPECT_TRUE(dispatched().empty());
  EXPECT_EQ(count<SetTimer>(), 1u);
  EXPECT_EQ(waiting_for(state, now), WaitingFor::concurrency);
  given(RecoverRun{});
  EXPECT_TRUE(decision.events.empty());
  EXPECT_EQ(count<SetTimer>(), 1u);
  given(FireTimer{TimerKind::run_deadline, {}});
  EXPECT_TRUE(decision.events.empty()) << "too early";
  given(AdmitRun{});
  EXPECT_EQ(dispatched(), std::vector<StepIndex>{0});
  EXPECT_FALSE(state.held);
  given(AdmitRun{});
  EXPECT_TRUE(decision.events.empty() && decision.effects.empty()) << "told twice";
}

TEST_F(RunTest, AHeldRunThatIsCancelledOrTimesOutEndsAtOnce) {
  step("a");
  state = make_run(RunId{{1}}, 1, workflow, now, Millis(60'000));
  given(StartRun{true});
  const RunState held = state;
  given(CancelRun{"enough"});
  EXPECT_EQ(state.status, Status::cancelled);
  given(AdmitRun{});
  EXPECT_TRUE(decision.events.empty()) << "too late";
  state = held;
  now += Millis(60'000);
  given(FireTimer{TimerKind::run_deadline, {}});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::run_timeout);
}

TEST_F(RunTest, CancellingAnEndedRunIsRefused) {
  step("a");
  start();
  complete(0);
  EXPECT_EQ(try_command(CancelRun{"late"}).error().code, ErrorCode::job_finished);
}

TEST_F(RunTest, TheRunsDeadlineStopsItAndFailsIt) {
  step("a", StepType::delay);
  evaluator.delays[0] = Millis(3'600'000);
  start();
  now += Millis(60'000);
  given(FireTimer{TimerKind::run_deadline, {}});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::run_timeout);
}

TEST_F(RunTest, ADelayEndsWhenItsTimeHasCome) {
  step("a", StepType::delay);
  evaluator.delays[0] = Millis(5'000);
  start();
  EXPECT_EQ(waiting_for(state, now), WaitingFor::timer);
  given(FireTimer{TimerKind::item_due, task(0)});
  EXPECT_TRUE(decision.events.empty()) << "too early";
  now += Millis(5'000);
  given(FireTimer{TimerKind::item_due, task(0)});
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(RunTest, ASkippedStepSatisfiesWhatNeedsIt) {
  step("a").when = "false";
  step("b", StepType::http, {0});
  evaluator.conditions[0] = false;
  start();
  EXPECT_EQ(state.steps[0].status, Status::skipped);
  EXPECT_EQ(dispatched(), (Steps{1}));
}

TEST_F(RunTest, ForEachRunsEveryItemWithinTheBoundOfLiveOnes) {
  step("a").for_each = ".list";
  const auto items = static_cast<ItemIndex>(limits::kItemsLive + 10);
  evaluator.items[0] = items;
  start();
  EXPECT_EQ(dispatched().size(), limits::kItemsLive);
  for (ItemIndex item = 0; item < items; ++item) complete(0, item);
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(state.steps[0].done.count(), items);
}

TEST_F(RunTest, ForEachOverNothingSucceedsAtOnce) {
  step("a").for_each = ".list";
  evaluator.items[0] = 0;
  start();
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(RunTest, WhatWasDoneIsUndoneBackwardsBeforeAFailedRunEnds) {
  for (const char* name : {"a", "b"})
    step(name).compensate = Compensation{StepType::http, Document("{}"), Millis(1'000)};
  workflow.steps[1].needs = {0};
  step("c", StepType::http, {1});
  start();
  complete(0), complete(1);
  fail(2);
  EXPECT_EQ(state.phase, RunPhase::compensating);
  EXPECT_EQ(dispatched(), (Steps{1}));
  TaskKey undo = task(1);
  undo.compensation = true;
  given(CompleteTask{undo, now});
  EXPECT_EQ(dispatched(), (Steps{0}));
  undo.step = 0;
  given(CompleteTask{undo, now});
  EXPECT_EQ(state.status, Status::failed);
}

TEST_F(RunTest, AConfigurationThatCannotBeEvaluatedFailsTheStep) {
  step("a");
  evaluator.config_errors[0] = {ErrorCode::expression_failed, "bad", false, {}};
  start();
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::expression_failed);
}

TEST_F(RunTest, OutputsThatCannotBeEvaluatedFailTheRun) {
  step("a");
  evaluator.outputs_error = Error{ErrorCode::expression_failed, "bad", false, {}};
  start();
  complete(0);
  EXPECT_EQ(state.status, Status::failed);
}

TEST_F(RunTest, ATakenOverRunDispatchesAgainAndForgetsOldOutcomes) {
  step("a");
  start();
  const TaskKey old = task(0);
  given(RecoverRun{});
  EXPECT_EQ(state.epoch, 1);
  EXPECT_EQ(dispatched(), (Steps{0}));
  EXPECT_FALSE(try_command(CompleteTask{old, now}).ok());
  complete(0);
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(RunTest, ATakenOverStepThatIsNotIdempotentWaitsForAPerson) {
  step("a").idempotent = false;
  start();
  given(StartTask{task(0), "worker"});
  given(RecoverRun{});
  EXPECT_EQ(dispatched(), Steps{});
  EXPECT_EQ(waiting_for(state, now), WaitingFor::approval);
}

TEST_F(RunTest, ATakeOverThatMustStopTheRunDispatchesNothingAfterThat) {
  step("a"), step("b");
  start();
  evaluator.config_errors[0] = {ErrorCode::expression_failed, "bad", false, {}};
  given(RecoverRun{});
  EXPECT_EQ(state.phase, RunPhase::stopping);
  EXPECT_EQ(dispatched(), Steps{});
  EXPECT_EQ(count<StopTask>(), 1u);
}

TEST_F(RunTest, ARunThatOnlyWaitsIsTakenOverWithoutACommit) {
  step("a", StepType::delay);
  evaluator.delays[0] = Millis(5'000);
  start();
  given(RecoverRun{});
  EXPECT_TRUE(decision.events.empty());
  EXPECT_EQ(count<SetTimer>(), 2u);
}

TEST_F(RunTest, ARunThatIsTakenOverTooOftenWithoutProgressIsPoison) {
  step("a");
  start();
  for (int i = 0; i < limits::kRecoveriesMax; ++i) given(RecoverRun{});
  EXPECT_NE(state.phase, RunPhase::ended);
  given(RecoverRun{});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::poison);
}

TEST_F(RunTest, WhatAServerThatStopsHandsBackIsNoSignOfPoison) {
  step("a");
  start();
  for (int i = 0; i < 3 * limits::kRecoveriesMax; ++i) given(RecoverRun{/*handed_back=*/true});
  EXPECT_EQ(state.epoch, 3 * limits::kRecoveriesMax);
  for (int i = 0; i < limits::kRecoveriesMax; ++i) given(RecoverRun{});
  EXPECT_NE(state.phase, RunPhase::ended);
}

TEST_F(RunTest, APoisonousRunNamesTheStepsThatWereAtWork) {
  for (const char* name : {"a", "b", "c", "d", "e"}) step(name);
  start();
  complete(0);
  for (int i = 0; i <= limits::kRecoveriesMax; ++i) given(RecoverRun{});
  EXPECT_THAT(state.error->message, ::testing::EndsWith(R"(at work was step "b", "c", "d" and 1 more)"));
}

TEST_F(RunTest, ACancelledStepBeganWhenItsWorkerDid) {
  step("a"), step("b");
  start();
  const Timestamp began = now;
  now += Millis(5'000);
  given(CancelRun{"enough"});
  given(TaskStopped{task(0), began});
  given(TaskStopped{task(1)});  // no worker had it
  EXPECT_EQ(state.steps[0].started_at, began);
  EXPECT_EQ(state.started_at, began);
  EXPECT_EQ(state.steps[1].started_at, kNever);
}

TEST_F(RunTest, ARetryFromAStepReusesWhatCameBefore) {
  step("a"), step("b", StepType::http, {0}), step("c", StepType::http, {1});
  start();
  complete(0), complete(1);
  fail(2);
  const auto retry = make_retry(state, workflow, workflow, RunId{{2}}, "b", now, Millis(60'000));
  ASSERT_TRUE(retry.ok());
  EXPECT_EQ(retry->steps[0].status, Status::success);
  EXPECT_EQ(retry->steps[0].result_run, state.run);
  EXPECT_EQ(retry->steps[1].status, Status::pending);
  EXPECT_EQ(retry->number, 2u);
}

TEST_F(RunTest, ARetryDoesAgainAStepThatLostItsForEach) {
  step("a").for_each = ".list";
  step("b", StepType::http, {0});
  evaluator.items[0] = 2;
  start();
  complete(0, 0), complete(0, 1);
  fail(1);
  WorkflowDefinition changed = workflow;
  changed.steps[0].for_each.clear();
  const auto same = make_retry(state, workflow, workflow, RunId{{2}}, "b", now, Millis(60'000));
  const auto other = make_retry(state, workflow, changed, RunId{{2}}, "b", now, Millis(60'000));
  ASSERT_TRUE(same.ok() && other.ok());
  EXPECT_EQ(same->steps[0].status, Status::success);
  EXPECT_EQ(other->steps[0].status, Status::pending) << "its results are a list";
}

TEST_F(RunTest, ARetryDoesAgainAStepWithFailedItemsThatCollectsThemNoMore) {
  step("a").for_each = ".list";
  workflow.steps[0].item_failures = ItemFailures::collect;
  step("b", StepType::http, {0});
  evaluator.items[0] = 2;
  start();
  complete(0, 0);
  given(FailTask{task(0, 1), {ErrorCode::http_failed, "no answer", false, {}}, now});
  fail(1);
  WorkflowDefinition changed = workflow;
  changed.steps[0].item_failures = ItemFailures::fail_fast;
  const auto same = make_retry(state, workflow, workflow, RunId{{2}}, "b", now, Millis(60'000));
  const auto other = make_retry(state, workflow, changed, RunId{{2}}, "b", now, Millis(60'000));
  ASSERT_TRUE(same.ok() && other.ok());
  EXPECT_EQ(same->steps[0].status, Status::success);
  EXPECT_EQ(other->steps[0].status, Status::pending) << "there are failures among its results";
}

TEST_F(RunTest, ARetryDoesAgainWhatNeedsAStepThatWasUndone) {
  step("a").compensate = Compensation{StepType::http, Document("{}"), Millis(1'000)};
  step("b", StepType::http, {0}), step("c", StepType::http, {1}), step("d");
  start();
  complete(3), complete(0), complete(1);
  fail(2);
  TaskKey undo = task(0);
  undo.compensation = true;
  given(CompleteTask{undo, now});
  const auto retry = make_retry(state, workflow, workflow, RunId{{2}}, "c", now, Millis(60'000));
  ASSERT_TRUE(retry.ok());
  EXPECT_EQ(retry->steps[0].status, Status::pending);
  EXPECT_EQ(retry->steps[1].status, Status::pending) << "its result came from what was undone";
  EXPECT_EQ(retry->steps[3].status, Status::success);
}

TEST_F(RunTest, ARetryFromAStepThatDoesNotExistIsRefusedWithItsPointer) {
  step("a");
  start();
  fail(0);
  const auto retry = make_retry(state, workflow, workflow, RunId{{2}}, "nope", now, Millis(1));
  ASSERT_FALSE(retry.ok());
  EXPECT_EQ(retry.error().faults.at(0).pointer, "/from_step");
}

}  // namespace
}  // namespace troupe
