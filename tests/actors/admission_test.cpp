// When new jobs may join the queue for the store, by plain calls with times of the test's own.
#include "actors/protocol/admission.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMany = limits::kCommitWaitFree;
constexpr Millis kLate = limits::kCommitWait + 1ms;
constexpr Millis kInterval = limits::kCommitWaitInterval;

TEST(Admission, LetsAFewInWhateverHappens) {
  Admission admission;
  EXPECT_TRUE(admission.admits(kMany - 1, 1h));
  EXPECT_FALSE(admission.admits(kMany, 1h)) << "nothing was ever committed in time";
}

TEST(Admission, LetsABurstThrough) {
  Admission admission;
  admission.committed(1ms, 1ms, 10'000ms);
  EXPECT_TRUE(admission.admits(10 * kMany, 10'000ms));
  admission.committed(1ms, kLate, 10'000ms + kInterval);
  EXPECT_TRUE(admission.admits(10 * kMany, 10'000ms + kInterval)) << "one late batch is no standing queue";
}

TEST(Admission, RefusesWhileAQueueStandsAndNoLonger) {
  Admission admission;
  Millis now = 10'000ms;
  admission.committed(1ms, 1ms, now);
  for (int i = 0; i < 20; ++i) admission.committed(1ms, kLate, now += 10ms);
  EXPECT_FALSE(admission.admits(kMany, now));
  admission.committed(1ms, limits::kCommitWait, now);
  EXPECT_TRUE(admission.admits(kMany, now)) << "the first batch in time opens the door";
}

TEST(Admission, LetsABurstThroughAfterItWasIdle) {
  Admission admission;
  admission.committed(1ms, 1ms, 10'000ms);
  EXPECT_TRUE(admission.admits(0, 60'000ms));
  EXPECT_TRUE(admission.admits(10 * kMany, 60'000ms + kInterval));
  EXPECT_FALSE(admission.admits(10 * kMany, 60'000ms + kInterval + 1ms));
}

TEST(Admission, TakesAStalledCommitForAStandingQueue) {
  Admission admission;
  admission.committed(1ms, 1ms, 10'000ms);
  EXPECT_FALSE(admission.admits(kMany, 10'000ms + kInterval + 1ms));
}

TEST(Admission, DoesNotTakeASlowDiskForAnOverloadedOne) {
  Admission admission;
  Millis now = 10'000ms;
  for (int i = 0; i < 500; ++i) {  // half a minute of the smallest commits
    admission.committed(60ms, 120ms, now += 60ms);
    ASSERT_TRUE(admission.admits(kMany, now)) << "after " << i;
  }
  for (int i = 0; i < 5; ++i) admission.committed(60ms, 300ms, now += 60ms);
  EXPECT_FALSE(admission.admits(kMany, now)) << "five times the fastest commit is a queue on any disk";
}

TEST(Admission, ForgetsThatTheDiskWasSlow) {
  Admission admission;
  Millis now = 10'000ms;
  for (int i = 0; i < 10; ++i) admission.committed(60ms, 120ms, now += 60ms);
  for (int i = 0; i < 3'000; ++i) admission.committed(5ms, 120ms, now += 10ms);
  EXPECT_FALSE(admission.admits(kMany, now));
}

}  // namespace
}  // namespace troupe
