// Time-outs of every kind, what is retried, items that may fail, and undoings that do.
#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

class LimitsTest : public RunTest {
 protected:
  bool has_timer(TimerKind kind, Timestamp due) const {
    for (const Effect& effect : decision.effects)
      if (const auto* timer = std::get_if<SetTimer>(&effect)) {
        if (timer->kind == kind && timer->due == due) return true;
      }
    return false;
  }
  void fail_with(StepIndex index, Error error, ItemIndex item = 0, AttemptNumber attempt = 1) {
    given(FailTask{task(index, item, attempt), std::move(error), now});
  }
};

TEST_F(LimitsTest, ATaskThatWaitsTooLongForAWorkerIsTakenBackAndRetried) {
  step("a").queue_timeout = Millis(2'000);
  start();
  ASSERT_TRUE(has_timer(TimerKind::queue_deadline, now + Millis(2'000)));
  now += Millis(2'000);
  given(FireTimer{TimerKind::queue_deadline, task(0)});
  EXPECT_EQ(count<StopTask>(), 1u);
  const auto* retried = std::get_if<TaskRetried>(&decision.events.at(0));
  ASSERT_NE(retried, nullptr);
  EXPECT_EQ(retried->error.code, ErrorCode::queue_timeout);
}

TEST_F(LimitsTest, ATaskThatHasAWorkerNoLongerWaitsForOne) {
  step("a").queue_timeout = Millis(2'000);
  start();
  given(StartTask{task(0), "worker"});
  ASSERT_EQ(decision.events.size(), 1u);  // it must be known after a crash
  now += Millis(2'000);
  given(FireTimer{TimerKind::queue_deadline, task(0)});
  EXPECT_TRUE(decision.events.empty());
}

TEST_F(LimitsTest, SilenceEndsAnAttempt) {
  step("a", StepType::exec).heartbeat = Millis(500);
  start();
  given(StartTask{task(0), "worker"});
  ASSERT_TRUE(has_timer(TimerKind::heartbeat, now + Millis(500)));
  const Timestamp began = now;
  now += Millis(500);
  given(FireTimer{TimerKind::heartbeat, task(0), began});
  EXPECT_EQ(count<StopTask>(), 1u);
  const auto& retried = std::get<TaskRetried>(decision.events.at(0));
  EXPECT_EQ(retried.error.code, ErrorCode::heartbeat_timeout);
  EXPECT_EQ(retried.started_at, began);
}

TEST_F(LimitsTest, AStepAsAWholeHasADeadlineWhateverItsAttemptsDo) {
  step("a").total_timeout = Millis(10'000);
  workflow.steps[0].for_each = ".list";
  evaluator.items[0] = 3;
  start();
  ASSERT_TRUE(has_timer(TimerKind::step_deadline, now + Millis(10'000)));
  complete(0, 0);
  now += Millis(9'500);
  fail_with(0, {ErrorCode::http_failed, "no answer", true, {}}, 1);
  now += Millis(500);
  given(FireTimer{TimerKind::step_deadline, task(0)});
  EXPECT_EQ(state.phase, RunPhase::stopping);
  EXPECT_EQ(state.error->code, ErrorCode::step_timeout);
  EXPECT_EQ(count<StopTask>(), 2u);  // also of the item that waits for its next attempt: its clock may be wrong
}

TEST_F(LimitsTest, ATakenOverStepKeepsItsDeadline) {
  step("a").total_timeout = Millis(10'000);
  start();
  const Timestamp due = now + Millis(10'000);
  now += Millis(4'000);
  given(RecoverRun{});
  EXPECT_TRUE(has_timer(TimerKind::step_deadline, due));
}

TEST_F(LimitsTest, WhatIsRetriedGoesByTheCodesOfThePolicy) {
  RetryPolicy any, named, without;
  named.on = {ErrorCode::http_status};
  without.never_on = {ErrorCode::http_failed};
  const Error passing{ErrorCode::http_failed, "", true, {}}, lasting{ErrorCode::http_status, "", false, {}};
  EXPECT_TRUE(is_retried(any, passing));
  EXPECT_FALSE(is_retried(any, lasting));
  EXPECT_FALSE(is_retried(named, passing));
  EXPECT_TRUE(is_retried(named, lasting));
  EXPECT_FALSE(is_retried(without, passing));
  without.on = {ErrorCode::http_failed};
  EXPECT_FALSE(is_retried(without, passing));
}

TEST_F(LimitsTest, TheNextAttemptWaitsAsLongAsTheOtherSideAsks) {
  step("a");
  start();
  Error error{ErrorCode::http_status, "429", true, {}};
  error.retry_after = Millis(90'000);
  fail_with(0, error);
  EXPECT_EQ(state.steps[0].live[0].due, now + Millis(90'000));
  now = state.steps[0].live[0].due;
  given(FireTimer{TimerKind::item_due, task(0, 0, 2)});
  error.retry_after = 2 * limits::kRetryAfterMax;
  fail_with(0, error, 0, 2);
  EXPECT_EQ(state.steps[0].live[0].due, now + limits::kRetryAfterMax);
}

TEST_F(LimitsTest, OnlySoManyItemsAreUnderWayAtOnce) {
  step("each").max_parallel = 2;
  workflow.steps[0].for_each = ".list";
  evaluator.items[0] = 5;
  start();
  EXPECT_EQ(dispatched().size(), 2u);
  complete(0, 1);
  EXPECT_EQ(dispatched().size(), 1u);
}

TEST_F(LimitsTest, WhereFailuresAreCollectedTheOtherItemsGoOnAndTheStepSucceeds) {
  step("each").for_each = ".list";
  workflow.steps[0].item_failures = ItemFailures::collect;
  step("after", StepType::http, {0});
  evaluator.items[0] = 3;
  start();
  const Error error{ErrorCode::http_status, "404", false, {}};
  fail_with(0, error, 1);
  EXPECT_EQ(state.phase, RunPhase::forward);
  complete(0, 0);
  complete(0, 2);
  EXPECT_EQ(state.steps[0].status, Status::success);
  EXPECT_EQ(state.steps[0].failed.count(), 1u);
  EXPECT_EQ(evaluator.failures[0][1], error);
  EXPECT_EQ(dispatched(), std::vector<StepIndex>{1});
}

TEST_F(LimitsTest, WhatFailedIsNotUndone) {
  step("each").for_each = ".list";
  workflow.steps[0].item_failures = ItemFailures::collect;
  workflow.steps[0].compensate = Compensation{StepType::http, Document("{}"), Millis(1'000), {}};
  step("after", StepType::http, {0});
  evaluator.items[0] = 2;
  start();
  fail_with(0, {ErrorCode::http_status, "404", false, {}}, 1);
  complete(0, 0);
  fail(1);
  ASSERT_TRUE(state.compensation.has_value());
  EXPECT_EQ(state.compensation->item, 0u);
  given(CompleteTask{{state.run, 0, 0, 1, true, state.epoch}, now});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::http_failed);
}

TEST_F(LimitsTest, WhatCouldNotBeUndoneIsListedInTheRunsError) {
  for (const char* name : {"seat", "pay"}) {
    StepDefinition& definition =
        step(name, StepType::http, workflow.steps.empty() ? std::vector<StepIndex>{} : std::vector<StepIndex>{0});
    definition.compensate = Compensation{StepType::http, Document("{}"), Millis(1'000), {}};
    definition.compensate->retry.max_attempts = 1;
  }
  start();
  complete(0);
  complete(1);
  ASSERT_EQ(state.status, Status::success);

  step("last", StepType::http, {1});
  start();
  complete(0);
  complete(1);
  given(CancelRun{"no longer wanted"});
  given(TaskStopped{task(2)});
  given(FailTask{{state.run, 1, 0, 1, true, 0}, {ErrorCode::http_failed, "no answer", true, {}}, now});
  given(CompleteTask{{state.run, 0, 0, 1, true, 0}, now});
  EXPECT_EQ(state.status, Status::failed);
  ASSERT_EQ(state.error->code, ErrorCode::compensation_incomplete);
  EXPECT_EQ(
      state.error->message,
      "1 thing that was done could not be undone; before, the run had been cancelled: cancelled: no longer wanted");
  EXPECT_EQ(state.error->faults, (std::vector<Fault>{{"/steps/1/compensate", "step \"pay\": http_failed: no answer"}}));
}

}  // namespace
}  // namespace troupe
