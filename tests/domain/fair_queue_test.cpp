#include "troupe/domain/fair_queue.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

const Timestamp kStart = from_unix_ms(1'000'000);

TEST(FairQueue, TheHigherPriorityGoesFirst) {
  FairQueue<int> queue;
  queue.push(1, 1, "a", kStart);
  queue.push(2, 10, "a", kStart);
  EXPECT_EQ(queue.pop(kStart), 2);
  EXPECT_EQ(queue.pop(kStart), 1);
  EXPECT_EQ(queue.pop(kStart), std::nullopt);
}

TEST(FairQueue, ClientsTakeTurnsWhateverEachHasQueued) {
  FairQueue<int> queue;
  for (int i = 0; i < 3; ++i) queue.push(i, 5, "busy", kStart);
  queue.push(10, 5, "quiet", kStart);
  EXPECT_EQ(queue.pop(kStart), 0);
  EXPECT_EQ(queue.pop(kStart), 10);
  EXPECT_EQ(queue.pop(kStart), 1);
}

TEST(FairQueue, WhatHasWaitedLongOvertakesWhatIsMoreUrgent) {
  FairQueue<int> queue(Millis(1'000));
  queue.push(1, 5, "a", kStart);
  queue.push(2, 7, "b", kStart + Millis(3'000));
  EXPECT_EQ(queue.pop(kStart + Millis(3'000)), 1);
}

TEST(FairQueue, WhatIsPutBackHasItsOldPlaceWithinItsClientAndItsOldAge) {
  FairQueue<int> queue(Millis(1'000));
  for (int i = 0; i < 3; ++i) queue.push(i, 5, "a", kStart + Millis(i));
  EXPECT_EQ(queue.pop(kStart), 0);
  EXPECT_EQ(queue.pop(kStart), 1);
  queue.push(10, 6, "b", kStart + Millis(2'000));
  queue.put_back(1, 5, "a", kStart + Millis(1));
  queue.put_back(0, 5, "a", kStart);
  for (int expected : {0, 1, 10, 2}) EXPECT_EQ(queue.pop(kStart + Millis(2'001)), expected);
}

TEST(FairQueue, AnEntryCanBeTakenOut) {
  FairQueue<int> queue;
  queue.push(1, 5, "a", kStart);
  queue.push(2, 5, "a", kStart);
  EXPECT_EQ(queue.remove([](int value) { return value == 1; }), 1);
  EXPECT_EQ(queue.remove([](int value) { return value == 1; }), std::nullopt);
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.pop(kStart), 2);
}

TEST(FairQueue, TellsHowManyOfEachPriorityWait) {
  FairQueue<int> queue;
  queue.push(1, 1, "a", kStart);
  queue.push(2, 10, "a", kStart);
  queue.push(3, 10, "b", kStart);
  EXPECT_EQ(queue.depths()[0], 1u);
  EXPECT_EQ(queue.depths()[9], 2u);
  queue.pop(kStart);
  EXPECT_EQ(queue.depths()[9], 1u);
}

}  // namespace
}  // namespace troupe
