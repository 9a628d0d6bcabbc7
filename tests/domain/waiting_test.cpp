// Steps that wait for people: signals, approvals, and the run's time-out meanwhile.
#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

class WaitingTest : public RunTest {
 protected:
  void signal_step(const std::string& name, const std::string& signal, std::vector<StepIndex> needs = {}) {
    StepDefinition& definition = step(name, StepType::signal, std::move(needs));
    definition.timeout = Millis(0);
    evaluator.signals[static_cast<StepIndex>(workflow.steps.size() - 1)] = signal;
  }
  void approval_step(ApprovalTerms terms, Millis timeout = Millis(0)) {
    step("review", StepType::approval).timeout = timeout;
    evaluator.approvals[static_cast<StepIndex>(workflow.steps.size() - 1)] = terms;
  }
  /// As the run's owner does it: the evaluator is told first.
  void review(const std::string& reviewer, std::vector<std::uint32_t> approve, std::vector<std::uint32_t> reject = {}) {
    ReviewAssets command;
    for (std::uint32_t i : approve) command.reviews.push_back({FakeEvaluator::image(i), reviewer, true, {}, now});
    for (std::uint32_t i : reject) command.reviews.push_back({FakeEvaluator::image(i), reviewer, false, {}, now});
    for (const Review& review : command.reviews) evaluator.add_review(review);
    given(command);
  }
  std::string kept() const {
    std::string outputs;
    for (const Effect& effect : decision.effects)
      if (const auto* keep = std::get_if<KeepResult>(&effect)) outputs += std::string(keep->outputs.view()) + ";";
    return outputs;
  }
};

TEST_F(WaitingTest, ASignalStepWaitsForItsSignalAndForNoOther) {
  signal_step("wait", "go");
  signal_step("later", "stop", {0});
  start();
  EXPECT_EQ(waiting_for(state, now), WaitingFor::signal);
  EXPECT_TRUE(dispatched().empty());
  given(ReceiveSignal{"stop"});
  EXPECT_EQ(state.phase, RunPhase::forward);
  EXPECT_EQ(count<KeepSignal>(), 1u);
  given(ReceiveSignal{"go"});
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(kept(), "{\"ordinal\":2};{\"ordinal\":1};");
}

TEST_F(WaitingTest, ASignalThatComesFirstIsKeptForTheStep) {
  step("before");
  signal_step("wait", "go", {0});
  start();
  given(ReceiveSignal{"go"});
  given(ReceiveSignal{"go"});
  ASSERT_EQ(state.signals.size(), 2u);
  complete(0);
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(kept(), "{\"ordinal\":1};");
}

TEST_F(WaitingTest, ASignalIsRefusedWhenNobodyWillTakeItOrTooManyWait) {
  step("before");
  signal_step("wait", "go", {0});
  signal_step("later", "other", {1});
  start();
  for (std::size_t i = 0; i < limits::kSignalsKept; ++i) given(ReceiveSignal{"other"});
  EXPECT_EQ(try_command(ReceiveSignal{"other"}).error().code, ErrorCode::too_many_signals);
  complete(0);
  given(ReceiveSignal{"go"});  // somebody waits for this one
  ASSERT_EQ(state.status, Status::success);
  EXPECT_EQ(try_command(ReceiveSignal{"go"}).error().code, ErrorCode::job_finished);

  workflow.steps.clear();
  step("only");
  start();
  EXPECT_EQ(try_command(ReceiveSignal{"go"}).error().code, ErrorCode::no_signal_expected);
}

TEST_F(WaitingTest, ASignalThatNoStepWillEverWaitForIsRefusedWithTheNamesThatAreWaitedFor) {
  step("before");
  signal_step("paid", "paid", {0});
  signal_step("late", "late", {1});
  workflow.steps[2].when = "never";
  evaluator.conditions[2] = false;
  signal_step("sent", "sent", {1, 2});
  start();
  const auto refusal = [this](const std::string& name) {
    const auto decided = try_command(ReceiveSignal{name});
    if (decided) return std::string("taken");
    EXPECT_EQ(decided.error().code, ErrorCode::no_signal_expected);
    return decided.error().message;
  };
  const std::string sorry = "no step of the run waits for the signal \"payed\", or will; its steps wait for ";
  EXPECT_EQ(refusal("payed"), sorry + R"("late", "paid", "sent")");
  EXPECT_EQ(refusal("late"), "taken") << "whether its step is skipped is not known yet";
  complete(0);
  given(ReceiveSignal{"paid"});
  EXPECT_EQ(refusal("payed"), sorry + R"("sent")");
  EXPECT_EQ(refusal("paid"), "no step of the run waits for the signal \"paid\", or will; its steps wait for \"sent\"")
      << "its step has its signal already";
  given(CancelRun{"enough"});
  EXPECT_EQ(try_command(ReceiveSignal{"payed"}).error().code, ErrorCode::job_finished);
}

TEST_F(WaitingTest, AnySignalIsKeptAsLongAsAnExpressionIsToMakeTheNameOfAStep) {
  step("before");
  signal_step("wait", "", {0});
  evaluator.made_signals[1] = {"a", "b", "c"};
  workflow.steps[1].for_each = "names";
  workflow.steps[1].max_parallel = 2;
  evaluator.items[1] = 3;
  start();
  EXPECT_TRUE(try_command(ReceiveSignal{"x"}).ok()) << "the step has not begun";
  complete(0);
  EXPECT_TRUE(try_command(ReceiveSignal{"x"}).ok()) << "an item has not begun";
  given(ReceiveSignal{"a"});
  const auto refused = try_command(ReceiveSignal{"x"});
  ASSERT_FALSE(refused.ok()) << "all names are known now";
  EXPECT_EQ(refused.error().message,
            "no step of the run waits for the signal \"x\", or will; its steps wait for \"b\", \"c\"");
  EXPECT_FALSE(try_command(ReceiveSignal{"a"}).ok()) << "its item has ended";
  EXPECT_TRUE(try_command(ReceiveSignal{"b"}).ok());
}

TEST_F(WaitingTest, ItemsThatWaitForTheSameWrittenNameTakeOneSignalEachAndNoOther) {
  signal_step("wait", "go");
  workflow.steps[0].for_each = "list";
  evaluator.items[0] = 3;
  start();
  for (int i = 0; i < 2; ++i) given(ReceiveSignal{"go"});
  EXPECT_EQ(try_command(ReceiveSignal{"stop"}).error().code, ErrorCode::no_signal_expected);
  given(ReceiveSignal{"go"});
  EXPECT_EQ(state.status, Status::success);
}

TEST_F(WaitingTest, ARefusalNamesABoundedNumberOfSignals) {
  for (int i = 10; i < 30; ++i) signal_step("s" + std::to_string(i), "n" + std::to_string(i));
  start();
  const std::string message = try_command(ReceiveSignal{"go"}).error().message;
  EXPECT_TRUE(message.ends_with("\"n24\", \"n25\" and 4 more")) << message;
}

TEST_F(WaitingTest, AMessageThatDoesNotComeInTimeFailsTheStep) {
  signal_step("wait", "go");
  workflow.steps[0].timeout = Millis(5'000);
  start();
  now += Millis(4'999);
  given(FireTimer{TimerKind::task_deadline, task(0)});
  EXPECT_EQ(state.phase, RunPhase::forward);
  now += Millis(1);
  given(FireTimer{TimerKind::task_deadline, task(0)});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::step_timeout);
  EXPECT_EQ(count<StopTask>(), 0u);
}

TEST_F(WaitingTest, TheTimeThatPeopleTakeIsNotTheRuns) {
  signal_step("wait", "go");
  step("after", StepType::http, {0});
  start();
  const Timestamp deadline = state.deadline;
  now += Millis(3'600'000);
  given(FireTimer{TimerKind::run_deadline, {state.run}});
  EXPECT_EQ(state.phase, RunPhase::forward);
  given(ReceiveSignal{"go"});
  EXPECT_EQ(state.deadline, deadline + Millis(3'600'000));
  now = state.deadline;
  given(FireTimer{TimerKind::run_deadline, {state.run}});
  EXPECT_EQ(state.error->code, ErrorCode::run_timeout);
}

TEST_F(WaitingTest, TheRunsTimeGoesOnWhileAnythingElseIsUnderWay) {
  signal_step("wait", "go");
  step("work");
  start();
  EXPECT_EQ(state.paused_at, kNever);
  complete(1);
  EXPECT_EQ(state.paused_at, now);
}

TEST_F(WaitingTest, AnApprovalEndsWhenEnoughIsApprovedWithAllThatWasDecidedAtOnce) {
  approval_step({4, 1, 1, OnExpiry::fail});
  start();
  EXPECT_EQ(waiting_for(state, now), WaitingFor::approval);
  review("ada", {}, {3});
  EXPECT_EQ(state.phase, RunPhase::forward);
  review("ada", {0, 2});
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(kept(), "2 approved, 1 rejected;");
}

TEST_F(WaitingTest, AnImageIsApprovedByAsManyReviewersAsAskedAndRejectedByOne) {
  approval_step({2, 2, 2, OnExpiry::fail});
  start();
  review("ada", {0, 1});
  review("grace", {0});
  EXPECT_EQ(state.phase, RunPhase::forward);
  review("edsger", {}, {0});
  EXPECT_EQ(state.status, Status::failed);
  EXPECT_EQ(state.error->code, ErrorCode::approval_rejected);
}

TEST_F(WaitingTest, DecisionsAboutOtherImagesAreOnlyRecorded) {
  approval_step({2, 1, 1, OnExpiry::fail});
  start();
  review("ada", {7});
  EXPECT_EQ(state.phase, RunPhase::forward);
  ASSERT_EQ(decision.events.size(), 1u);
  EXPECT_TRUE(std::get<AssetReviewed>(decision.events[0]).places.empty());
  review("ada", {0});
  ASSERT_EQ(state.status, Status::success);
  const RunState ended = state;
  review("grace", {1});
  EXPECT_EQ(state, ended);
}

// While the pictures of a first step are already there to see, another step may still be at work before the approval.
TEST_F(WaitingTest, WhatWasDecidedBeforeAnApprovalBeginsCountsInIt) {
  step("draw");
  step("review", StepType::approval, {0});
  evaluator.approvals[1] = {3, 2, 2, OnExpiry::fail};
  start();
  review("ada", {0, 1}, {2});
  review("grace", {0});
  EXPECT_TRUE(state.approvals.empty());
  complete(0);
  ASSERT_EQ(state.approvals.size(), 1u);
  EXPECT_EQ(state.phase, RunPhase::forward);
  review("grace", {1});
  EXPECT_EQ(state.status, Status::success);
  EXPECT_EQ(kept(), "2 approved, 1 rejected;");
}

TEST_F(WaitingTest, AnApprovalThatWasDecidedBeforeItBeganIsOverAtOnce) {
  for (const bool approve : {true, false}) {
    workflow.steps.clear();
    evaluator.decisions.clear();
    step("draw");
    step("review", StepType::approval, {0}).timeout = Millis(1'000);
    evaluator.approvals[1] = {2, 1, 1, OnExpiry::fail};
    start();
    review("ada", approve ? std::vector<std::uint32_t>{1} : std::vector<std::uint32_t>{}, {0});
    if (!approve) review("ada", {}, {1});
    complete(0);
    EXPECT_EQ(state.status, approve ? Status::success : Status::failed);
    EXPECT_EQ(count<SetTimer>(), 0u);
    EXPECT_EQ(kept(), approve ? "1 approved, 1 rejected;" : "");
    EXPECT_EQ(state.error.has_value() ? code_text(state.error->code) : "", approve ? "" : "approval_rejected");
  }
}

struct Expiry {
  OnExpiry on_expiry;
  Status status;
  std::string outputs;
};

TEST_F(WaitingTest, WhatAnApprovalDoesWhenItsTimeIsOver) {
  for (const Expiry& expected : {Expiry{OnExpiry::fail, Status::failed, ""},
                                 {OnExpiry::reject, Status::failed, ""},
                                 {OnExpiry::approve, Status::success, "2 approved, 1 rejected, expired;"},
                                 {OnExpiry::skip, Status::success, "1 approved, 1 rejected, expired;"}}) {
    workflow.steps.clear();
    approval_step({3, 2, 1, expected.on_expiry}, Millis(1'000));
    start();
    review("ada", {0}, {1});
    now += Millis(1'000);
    given(FireTimer{TimerKind::task_deadline, task(0)});
    EXPECT_EQ(state.status, expected.status) << on_expiry_text(expected.on_expiry);
    EXPECT_EQ(kept(), expected.outputs) << on_expiry_text(expected.on_expiry);
  }
}

TEST_F(WaitingTest, ARunThatWaitsForPeopleIsTakenOverWithoutACommitAndKeepsItsTime) {
  approval_step({1, 1, 1, OnExpiry::fail}, Millis(30'000));
  start();
  now += Millis(10'000);
  given(RecoverRun{});
  EXPECT_TRUE(decision.events.empty());
  const Effect timer = SetTimer{TimerKind::task_deadline, task(0), now + Millis(20'000)};
  EXPECT_EQ(decision.effects, std::vector<Effect>{timer});
}

TEST_F(WaitingTest, ACancelledRunWaitsForNobody) {
  signal_step("wait", "go");
  start();
  given(CancelRun{"enough"});
  EXPECT_EQ(state.status, Status::cancelled);
  EXPECT_EQ(state.steps[0].status, Status::cancelled);
}

}  // namespace
}  // namespace troupe
