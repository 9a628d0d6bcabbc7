// What is said of a run's end, by hand-made observations and queues.
#include "troupe/domain/estimator.hpp"

#include <gtest/gtest.h>

#include <map>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow = from_unix_ms(1'800'000'000'000);

struct World final : Surroundings {
  Millis wait_now{0}, wait_later{0};
  std::size_t slot_count = 4;
  std::map<StepIndex, Timestamp> running;
  std::map<StepIndex, Millis> delays;

  Millis wait(StepIndex, bool later) const override { return later ? wait_later : wait_now; }
  std::size_t slots(StepType) const override { return slot_count; }
  std::optional<Timestamp> running_since(StepIndex step, ItemIndex) const override {
    return running.contains(step) ? std::optional(running.at(step)) : std::nullopt;
  }
  std::optional<Millis> delay(StepIndex step, Millis) const override {
    return delays.contains(step) ? std::optional(delays.at(step)) : std::nullopt;
  }
};

class EstimatorTest : public ::testing::Test {
 protected:
  StepDefinition& given_step(const std::string& name, StepType type, std::vector<StepIndex> needs = {}) {
    StepDefinition& step = workflow_.steps.emplace_back();
    step.name = name;
    step.type = type;
    step.needs = std::move(needs);
    state_.steps.emplace_back();
    return step;
  }
  void given_times(StepIndex step, std::initializer_list<Millis> times) {
    for (const Millis time : times) history_.step_took(workflow_.steps[step], time);
  }
  /// One item, ready for a worker.
  void given_ready(StepIndex step) { given_live(step, {0, 1, AttemptPhase::waiting, kNow, ""}); }
  void given_live(StepIndex step, LiveItem item, ItemIndex items = 1) {
    state_.steps[step].status = Status::running;
    state_.steps[step].items = items;
    state_.steps[step].live.push_back(item);
  }
  std::optional<Millis> remaining() const { return remaining_time(state_, workflow_, history_, world_, kNow); }

  EstimatorTest() { state_.deadline = kNow + 1h; }

  WorkflowDefinition workflow_;
  RunState state_;
  WorkflowHistory history_;
  World world_;
};

// --- numbers

TEST(Recent, KnowsTheMedianAndTheMeanOfTheLastOnes) {
  Recent<4> recent;
  EXPECT_EQ(recent.median(), 0U);
  for (const std::uint32_t number : {900U, 10U, 30U, 20U, 40U}) recent.add(number);  // 900 is forgotten
  EXPECT_EQ(recent.count(), 4U);
  EXPECT_EQ(recent.median(), 20U);
  EXPECT_EQ(recent.mean(), 25);
  EXPECT_EQ(recent.median_above(20), 30U);
  EXPECT_EQ(recent.median_above(40), std::nullopt);
}

TEST(Recent, StaysSortedWhateverComesAndGoes) {
  Recent<8> recent;
  std::vector<std::uint32_t> all;
  std::uint32_t number = 1;
  for (int i = 0; i < 500; ++i) {
    number = number * 1'103'515'245U + 12'345U;
    all.push_back(number % 7);
    recent.add(all.back());
    std::vector<std::uint32_t> last(all.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, all.size())),
                                    all.end());
    std::sort(last.begin(), last.end());
    ASSERT_EQ(recent.median(), last[(last.size() - 1) / 2]) << i;
  }
}

// --- steps

TEST_F(EstimatorTest, AStepThatWasSeenTakesItsMedianAndTheWaitBeforeIt) {
  given_step("work", StepType::http);
  given_times(0, {1s, 2s, 30s});
  given_ready(0);
  EXPECT_EQ(remaining(), 2s);
  world_.wait_now = 5s;
  EXPECT_EQ(remaining(), 7s);
}

TEST_F(EstimatorTest, AStepThatWasNeverSeenTakesAPartOfItsTimeOut) {
  given_step("work", StepType::http).timeout = 50s;
  given_ready(0);
  EXPECT_EQ(remaining(), 5s);
}

TEST_F(EstimatorTest, StepsOneAfterAnotherAddUpAndOfThoseBesideEachOtherTheLongestCounts) {
  given_step("a", StepType::http);
  given_step("b", StepType::http, {0});
  given_step("c", StepType::http, {0});
  given_step("d", StepType::http, {1, 2});
  for (const auto& [step, time] :
       {std::pair{StepIndex{0}, 1s}, {StepIndex{1}, 10s}, {StepIndex{2}, 3s}, {StepIndex{3}, 100s}})
    given_times(step, {time});
  given_ready(0);
  world_.wait_later = 1s;
  EXPECT_EQ(remaining(), 1s + 11s + 101s);
  state_.steps[0] = StepState{};
  state_.steps[0].status = state_.steps[1].status = state_.steps[2].status = Status::success;
  EXPECT_EQ(remaining(), 101s);
}

TEST_F(EstimatorTest, WhatIsUnderWayTakesWhatThoseTookThatLastedAsLong) {
  given_step("work", StepType::http);
  given_times(0, {1s, 2s, 10s, 12s, 14s});
  given_ready(0);
  world_.running[0] = kNow - 5s;
  EXPECT_EQ(remaining(), 12s - 5s);
  world_.running[0] = kNow - 20s;
  EXPECT_EQ(remaining(), 10s) << "longer than all before: half as long again";
}

TEST_F(EstimatorTest, ACommittedStartTellsSinceWhenItRuns) {
  given_step("work", StepType::exec).timeout = 60s;
  given_times(0, {10s});
  given_live(0, {0, 1, AttemptPhase::started, kNow + 56s, ""});
  EXPECT_EQ(remaining(), 6s);
}

TEST_F(EstimatorTest, AStepThatPausesBeforeItsNextAttemptStillHasThatBeforeIt) {
  given_step("work", StepType::http);
  given_times(0, {2s});
  given_live(0, {0, 2, AttemptPhase::waiting, kNow + 30s, ""});
  EXPECT_EQ(remaining(), 32s);
}

TEST_F(EstimatorTest, AStepThatIsMostlySkippedAddsNothing) {
  given_step("maybe", StepType::http);
  given_times(0, {0s, 5s, 0s});
  world_.wait_later = 9s;
  EXPECT_EQ(remaining(), 0s);
}

TEST_F(EstimatorTest, InstantStepsTakeNoTimeAndWaitForNobody) {
  given_step("a", StepType::noop);
  given_step("b", StepType::transform, {0});
  given_ready(0);
  world_.wait_now = world_.wait_later = 1min;
  EXPECT_EQ(remaining(), 0s);
}

TEST_F(EstimatorTest, ItemsShareTheSlots) {
  given_step("each", StepType::http).for_each = ".inputs.list";
  given_times(0, {2s, 2s, 8s});  // mean 4 s
  given_live(0, {0, 1, AttemptPhase::waiting, kNow, ""}, 40);
  EXPECT_EQ(remaining(), 40s) << "40 items of 4 s by 4 slots";
  world_.slot_count = 1'000;
  EXPECT_EQ(remaining(), 2'500ms) << "64 of a step are under way at once";
  workflow_.steps[0].max_parallel = 2;
  EXPECT_EQ(remaining(), 80s);
}

TEST_F(EstimatorTest, AListThatIsNotMadeYetIsAsLongAsTheLastOnes) {
  given_step("each", StepType::http).for_each = ".inputs.list";
  given_times(0, {4s});
  for (const ItemIndex items : {10U, 20U, 500U}) history_.step_had(workflow_.steps[0], items);
  EXPECT_EQ(remaining(), 20s);
  for (int i = 0; i < 5; ++i) history_.step_had(workflow_.steps[0], 0);
  EXPECT_EQ(remaining(), 0s);
}

TEST_F(EstimatorTest, DelaysAddTheirTime) {
  given_step("told", StepType::delay);
  given_step("seen", StepType::delay, {0});
  world_.delays[0] = 30s;
  given_times(1, {7s});
  EXPECT_EQ(remaining(), 37s);
  given_live(0, {0, 1, AttemptPhase::waiting, kNow + 12s, ""});
  EXPECT_EQ(remaining(), 19s);
}

// --- what nobody can tell

TEST_F(EstimatorTest, NobodyCanTellOfADelayThatIsNeitherToldNorSeen) {
  given_step("pause", StepType::delay);
  EXPECT_EQ(remaining(), std::nullopt);
  EXPECT_EQ(estimated_end(state_, remaining(), history_, kNow), state_.deadline);
}

TEST_F(EstimatorTest, NobodyCanTellWhileAPersonMustDecide) {
  given_step("work", StepType::http);
  given_live(0, {0, 1, AttemptPhase::in_doubt, kNow, ""});
  EXPECT_EQ(remaining(), std::nullopt);
}

TEST_F(EstimatorTest, NobodyCanTellWhilePeopleAreWaitedForAndTheDeadlineStandsStillMeanwhile) {
  for (const StepType type : {StepType::approval, StepType::signal}) {
    workflow_.steps.clear();
    state_.steps.clear();
    given_step("people", type);
    EXPECT_EQ(remaining(), std::nullopt) << "it is ahead";
    given_live(0, {0, 1, AttemptPhase::awaiting, kNow + 5min, ""});
    EXPECT_EQ(remaining(), std::nullopt);
  }
  EXPECT_EQ(estimated_end(state_, std::nullopt, history_, kNow), kNow + 1h);
  state_.paused_at = kNow - 10min;
  EXPECT_EQ(estimated_end(state_, std::nullopt, history_, kNow), kNow + 1h + 10min);
}

TEST_F(EstimatorTest, NobodyCanTellWhileWorkIsStoppedOrUndone) {
  given_step("work", StepType::http);
  for (const RunPhase phase : {RunPhase::stopping, RunPhase::compensating}) {
    state_.phase = phase;
    EXPECT_EQ(remaining(), std::nullopt);
  }
}

// --- the whole

TEST_F(EstimatorTest, IsCorrectedByHowWrongItWas) {
  for (int i = 0; i < 3; ++i) history_.run_took(20s, 10s);
  EXPECT_NEAR(history_.correction(), 2, 0.02);
  EXPECT_NEAR(static_cast<double>((estimated_end(state_, Millis(10'000), history_, kNow) - kNow).count()), 20'000, 200);
  for (int i = 0; i < 40; ++i) history_.run_took(1h, 1ms);
  EXPECT_EQ(history_.correction(), 5) << "it is bounded";
}

TEST_F(EstimatorTest, ShortRunsSayLittleAboutHowWrongItWas) {
  for (int i = 0; i < 3; ++i) history_.run_took(10ms, 1ms);
  EXPECT_LT(history_.correction(), 1.1);
}

TEST_F(EstimatorTest, ARunEndsAtItsDeadlineAtTheLatest) {
  EXPECT_EQ(estimated_end(state_, Millis(7'200'000), history_, kNow), state_.deadline);
}

// --- what is observed

TEST_F(EstimatorTest, AStepOfAnotherTypeIsAnotherStep) {
  given_step("work", StepType::http);
  given_times(0, {9s});
  StepDefinition other = workflow_.steps[0];
  other.type = StepType::exec;
  EXPECT_EQ(history_.find(other), nullptr);
  history_.step_took(other, 1s);
  EXPECT_EQ(history_.find(workflow_.steps[0]), nullptr);
  EXPECT_EQ(history_.find(other)->times.median(), 1'000U);
}

TEST_F(EstimatorTest, KnowsAWorkflowWhenAllStepsThatTakeTimeWereSeen) {
  given_step("make", StepType::transform);
  EXPECT_TRUE(history_.knows(workflow_));
  given_step("call", StepType::http);
  given_step("work", StepType::exec);
  given_times(1, {9s});
  EXPECT_FALSE(history_.knows(workflow_));
  given_times(2, {1s});
  EXPECT_TRUE(history_.knows(workflow_));
}

TEST_F(EstimatorTest, RemembersABoundedNumberOfSteps) {
  for (std::size_t i = 0; i <= WorkflowHistory::kStepsMost; ++i) {
    given_step("s" + std::to_string(i), StepType::http);
    given_times(static_cast<StepIndex>(i), {1s});
  }
  EXPECT_NE(history_.find(workflow_.steps[WorkflowHistory::kStepsMost - 1]), nullptr);
  EXPECT_EQ(history_.find(workflow_.steps[WorkflowHistory::kStepsMost]), nullptr);
}

}  // namespace
}  // namespace troupe
