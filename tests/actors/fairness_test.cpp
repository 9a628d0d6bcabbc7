// How many slots it takes until a task has its turn: broker, worker and a fake executor, with a hundred thousand tasks,
// in virtual time. Prints the figures.
#include <iostream>

#include "actors/bare_broker.hpp"

namespace troupe::test {
namespace {

class FairnessTest : public BareBrokerTest {};

TEST_F(FairnessTest, OneTaskBehindAHundredThousandOfAnotherClientIsTheSecondToGetASlot) {
  given_worker(4);
  for (int i = 0; i < 100'000; ++i) offer("flood");
  run();
  context_.clock.advance(2 * kMaxWait);  // however long they have waited
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(next(), "flood");
  offer("quiet");
  run();
  int slots = 1;
  while (next() != "quiet") ++slots;
  std::cout << "behind 100,000 tasks of another client: slot " << slots << "\n";
  EXPECT_LE(slots, 2);
}

TEST_F(FairnessTest, BehindAClientOfTenfoldWeightItTakesElevenSlots) {
  given_worker(4);
  for (int i = 0; i < 1'000; ++i) offer("heavy");
  run();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(next(), "heavy");
  offer("quiet");
  run();
  int slots = 1;
  while (next() != "quiet") ++slots;
  std::cout << "behind 1,000 tasks of a client of weight 10: slot " << slots << "\n";
  EXPECT_LE(slots, 11);
}

TEST_F(FairnessTest, APriority1BehindAStreamOf10sWaitsForTheMaximumAndTwoSlots) {
  given_worker(4);
  for (int i = 0; i < 100; ++i) offer("urgent", 10);
  offer("patient", 1);
  run();
  Millis waited{0};
  while (next() != "patient") {
    offer("urgent", 10);
    context_.clock.advance(100ms);
    waited += 100ms;
    ASSERT_LE(waited, kMaxWait + 200ms);
  }
  std::cout << "a priority 1 behind a stream of 10s: " << waited.count() << " ms of " << kMaxWait.count() << "\n";
  EXPECT_GE(waited, kMaxWait);
}

TEST_F(FairnessTest, SlotsGoByTheClientsWeights) {
  given_worker(4);
  for (int i = 0; i < 400; ++i) {
    offer("three");
    offer("one");
  }
  run();
  int three = 0;
  for (int i = 0; i < 400; ++i) three += next() == "three";
  std::cout << "of 400 slots a client of weight 3 got " << three << "\n";
  EXPECT_NEAR(three, 300, 2);
}

TEST_F(FairnessTest, TypesThatShareAWorkersSlotsShareTheTurns) {
  given_worker(1, {StepType::noop, StepType::transform});
  for (int i = 0; i < 10; ++i) offer("noops", 5, StepType::noop);
  offer("transforms", 5, StepType::transform);
  offer("urgent", 9, StepType::transform);
  run();
  EXPECT_EQ(next(), "urgent");
  EXPECT_EQ(next(), "noops");
  EXPECT_EQ(next(), "transforms");
}

TEST_F(FairnessTest, WhatCameBeforeTheWorkerKeepsItsPlace) {
  offer("noops", 5, StepType::noop, 3s);
  offer("noops", 5, StepType::noop, 2s);
  offer("transforms", 5, StepType::transform, 1s);
  run();
  given_worker(1, {StepType::noop, StepType::transform});
  EXPECT_EQ(executor_->running().front(), "noops");
  EXPECT_EQ(next(), "transforms");
  EXPECT_EQ(next(), "noops");
}

TEST_F(FairnessTest, ATaskThatIsOfferedAgainIsQueuedOnce) {
  given_worker(1);
  offer("first");
  const TaskKey key = offer("second");
  auto again = std::make_shared<TaskOffer>();
  again->task.key = key;
  again->task.step = again->task.client_id = "second";
  again->run = run_;
  caf::anon_send(broker_, TaskOfferPtr(again));
  run();
  EXPECT_EQ(next(), "second");
  EXPECT_EQ(next(), "");
}

TEST_F(FairnessTest, AHundredThousandQueuedTasksAreTakenBackInAMoment) {
  given_worker(1);
  std::vector<TaskKey> keys;
  for (int i = 0; i < 100'000; ++i) keys.push_back(offer("flood"));
  run();
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = keys.size(); i-- > 1;) caf::anon_send(broker_, WithdrawTask{keys[i], run_});
  run();
  const auto took = std::chrono::steady_clock::now() - begin;
  std::cout << "100,000 tasks were taken back in " << std::chrono::duration_cast<Millis>(took).count() << " ms\n";
  EXPECT_LT(took, 5s) << "a look through the queue for each would take longer";
  EXPECT_EQ(next(), "");
}

}  // namespace
}  // namespace troupe::test
