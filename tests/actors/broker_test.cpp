// Whose turn it is for a slot, and that no slot is ever lost.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

/// One slot, taken; workflows whose one step bears their name.
class OneSlotTest : public NodeTest {
 protected:
  void SetUp() override {
    start_node(1);
    for (const char* name : {"blocks", "a", "b", "low", "middle", "high"})
      given_workflow(std::string("{key: ") + name +
                     ", timeout: 1h, defaults: {retry: {max_attempts: 1}, timeout: 50m}, " + "steps: [{name: " + name +
                     ", type: noop}]}");
    submit("blocks");
  }
  JobId submit_as(const std::string& workflow, int priority, const std::string& client = "default") {
    SubmitJob job;
    job.priority = static_cast<std::uint8_t>(priority);
    job.client_id = client;
    return submit(workflow, job);
  }
  /// Ends what runs until nothing does, and tells the order in which the rest was started.
  std::vector<std::string> order() {
    std::vector<std::string> order = executor_->running();
    while (!order.empty() && executor_->complete(order.back())) {
      run();
      if (executor_->running().empty()) break;
      EXPECT_EQ(busy_slots(), 1u);
      order.push_back(executor_->running().front());
    }
    return order;
  }
};

TEST_F(OneSlotTest, RunsNoMoreTasksThanItHasSlots) {
  submit("a");
  submit("b");
  EXPECT_THAT(executor_->running(), ElementsAre("blocks"));
}

TEST_F(OneSlotTest, TakesTheMostUrgentFirst) {
  submit_as("low", 2);
  submit_as("middle", 5);
  submit_as("high", 9);
  EXPECT_THAT(order(), ElementsAre("blocks", "high", "middle", "low"));
}

TEST_F(OneSlotTest, TakesFirstComeFirstServedOfOneClient) {
  submit("low");
  submit("high");
  submit("middle");
  EXPECT_THAT(order(), ElementsAre("blocks", "low", "high", "middle"));
}

TEST_F(OneSlotTest, LetsClientsTakeTurns) {
  for (int i = 0; i < 3; ++i) submit_as("a", 5, "client-a");
  for (int i = 0; i < 2; ++i) submit_as("b", 5, "client-b");
  EXPECT_THAT(order(), ElementsAre("blocks", "a", "b", "a", "b", "a"));
}

TEST_F(OneSlotTest, LetsNobodyStarve) {
  submit_as("low", 1);
  pass(limits::kQueueMaxWait, 5s);
  submit_as("middle", 5);
  submit_as("high", 7);
  EXPECT_THAT(order(), ElementsAre("blocks", "low", "high", "middle"));
}

TEST_F(OneSlotTest, ForgetsAQueuedTaskThatIsCancelled) {
  const JobId first = submit("a");
  submit("b");
  ASSERT_TRUE(cancel(first).ok());
  EXPECT_THAT(order(), ElementsAre("blocks", "b"));
}

// --- every way in which a task gives its slot back -------------------------------------------------------------------

TEST_F(OneSlotTest, GetsTheSlotBackAfterSuccess) {
  executor_->complete("blocks");
  run();
  EXPECT_EQ(busy_slots(), 0u);
  submit("a");
  EXPECT_THAT(executor_->running(), ElementsAre("a"));
}

TEST_F(OneSlotTest, GetsTheSlotBackAfterAFailure) {
  submit("a");
  executor_->fail("blocks", /*retryable=*/false);
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("a"));
  EXPECT_EQ(busy_slots(), 1u);
}

TEST_F(OneSlotTest, GetsTheSlotBackAfterATimeout) {
  submit("a");
  pass(50min + 1s, 5s);
  EXPECT_THAT(executor_->running(), ElementsAre("a"));
  EXPECT_EQ(busy_slots(), 1u);
}

TEST_F(OneSlotTest, GetsTheSlotBackAfterACancel) {
  submit("a");
  ASSERT_TRUE(cancel(jobs_.front()).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("a"));
  EXPECT_EQ(busy_slots(), 1u);
}

TEST_F(OneSlotTest, GetsTheSlotBackWhereverACancelMeetsTheCommitOfAStart) {
  given_workflow(
      R"({key: outside, steps: [{name: opens, type: noop}, {name: call, type: exec, config: {command: x}}]})");
  executor_->complete("blocks");
  run();
  std::size_t begun = 0;
  for (std::size_t turns = 0; turns < 40; ++turns) {
    SCOPED_TRACE("after " + std::to_string(turns) + " turns");
    const JobId job = submit("outside");
    executor_->complete("opens");
    run_shuffled(turns, turns);
    ask_cancel(job);
    run();
    begun = executor_->count_started("call");
    ASSERT_EQ(status(job), Status::cancelled);
    ASSERT_EQ(busy_slots(), 0u);
  }
  EXPECT_GT(begun, 0u);
  EXPECT_LT(begun, 40u);
}

TEST_F(OneSlotTest, LosesNoSlotInAnyOrderOfMessages) {
  executor_->complete("blocks");
  run();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId first = submit("a"), second = submit("b"), third = submit("a");
    const auto one = ask_cancel(second), other = ask_cancel(seed % 2 == 0 ? first : third);
    executor_->complete("a");
    run_shuffled(seed);
    while (executor_->complete("a") || executor_->complete("b")) run_shuffled(seed);
    ASSERT_EQ(busy_slots(), 0u);
    for (const JobId& job : {first, second, third}) ASSERT_EQ(times_ended(job), 1u);
  }
}

}  // namespace
}  // namespace troupe::test
