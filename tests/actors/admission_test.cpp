// When new jobs may come in, by plain calls with times of the test's own.
#include "actors/protocol/admission.hpp"

#include <gtest/gtest.h>

#include "actors/fake_ports.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

constexpr Millis kInterval = limits::kArrivalInterval;
constexpr Millis kLate = limits::kArrival + 1ms;
constexpr std::size_t kFew = limits::kArrivalsFree;
constexpr std::size_t kMost = Admission::kMost;
constexpr std::size_t kOnTheWay = kMost - 1;

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() { admission_.committed(1ms, now_); }

  /// As many as want to come in, until one is refused; how many did.
  std::size_t fill(std::size_t wanted) {
    for (std::size_t i = 0; i < wanted; ++i)
      if (!admission_.admits(now_)) return i;
    return wanted;
  }
  void arrive(std::size_t count, Millis took) {
    for (std::size_t i = 0; i < count; ++i) admission_.arrived(took);
  }
  /// One after another, beside those that are on the way.
  void pass(std::size_t count, Millis took) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(admission_.admits(now_));
      admission_.arrived(took);
    }
  }
  /// For an interval nothing arrives, so that only a few may come in from then on.
  void stand() {
    fill(kOnTheWay);
    now_ += kInterval;
    ASSERT_FALSE(admission_.admits(now_));
  }

  Admission admission_;
  Millis now_ = 10'000ms;
};

TEST_F(AdmissionTest, LetsABurstThroughUpToABound) {
  EXPECT_EQ(fill(5000), kMost);
  arrive(800, kLate);
  EXPECT_EQ(fill(5000), 800U) << "no interval is over";
}

TEST_F(AdmissionTest, LetsABurstThroughOfWhichOneArrivedInTime) {
  fill(kMost);
  arrive(1, limits::kArrival);
  arrive(1, kLate);
  now_ += kInterval;
  EXPECT_EQ(fill(5000), 2U);
}

TEST_F(AdmissionTest, GivesAStandingQueueAsMuchCreditAsArrivesInTime) {
  fill(kOnTheWay);
  pass(3000, kLate);  // in one interval
  now_ += kInterval;
  EXPECT_FALSE(admission_.admits(now_));
  const auto credit = static_cast<std::size_t>(3000 * limits::kArrival / kInterval);  // Little's law
  ASSERT_GT(credit, kFew);
  arrive(kOnTheWay - credit, kLate);
  EXPECT_FALSE(admission_.admits(now_));
  arrive(1, kLate);
  EXPECT_EQ(fill(10), 1U);
}

TEST_F(AdmissionTest, LetsAFewInWhateverHappens) {
  stand();
  arrive(kOnTheWay - kFew, kLate);
  EXPECT_FALSE(admission_.admits(now_));
  admission_.turned_back();
  EXPECT_EQ(fill(10), 1U);
}

TEST_F(AdmissionTest, LiftsTheLimitStepByStepWhileJobsHaveLittleToWaitFor) {
  stand();
  arrive(kOnTheWay, limits::kArrival / 2);  // all gone
  std::size_t limit = kFew;
  for (int i = 0; limit < kMost; ++i) {
    ASSERT_EQ(fill(5000), limit) << "interval " << i;
    arrive(limit, limits::kArrival / 2);
    now_ += kInterval;
    limit = std::min(kMost, limit + limit / 8);
  }
  EXPECT_EQ(fill(5000), kMost);
}

TEST_F(AdmissionTest, KeepsTheLimitWhileJobsAreJustInTime) {
  stand();
  arrive(kOnTheWay, limits::kArrival / 2 + 1ms);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(fill(5000), kFew);
    arrive(kFew, limits::kArrival / 2 + 1ms);
    now_ += kInterval;
  }
}

TEST_F(AdmissionTest, LowersTheLimitWhereTheUsualJobIsLateThoughALuckyOneIsNot) {
  fill(kOnTheWay);
  pass(4000, kLate);
  now_ += kInterval;
  ASSERT_FALSE(admission_.admits(now_));
  const auto credit = static_cast<std::size_t>(4000 * limits::kArrival / kInterval);
  arrive(kOnTheWay - 1, 2 * kLate);
  arrive(1, 1ms);
  now_ += kInterval;
  EXPECT_EQ(fill(5000), credit - credit / 8);
}

TEST_F(AdmissionTest, AnIntervalInWhichTheDiskStoodStillDoesNotCloseTheDoor) {
  fill(kOnTheWay);
  pass(3000, kLate);
  now_ += kInterval;
  EXPECT_EQ(fill(1), 0U);
  now_ += kInterval;  // nothing arrived in this
  EXPECT_EQ(fill(1), 0U);
  const auto credit = static_cast<std::size_t>((3000 - 3000 / 8) * limits::kArrival / kInterval);
  arrive(kOnTheWay - credit + 1, kLate);
  EXPECT_EQ(fill(10), 1U);
}

TEST_F(AdmissionTest, DoesNotTakeASlowDiskForAnOverloadedServer) {
  const Millis commit = 60ms;
  for (int i = 0; i < 2; ++i) admission_.committed(commit, now_ += 11s);  // what was faster is forgotten
  constexpr std::size_t kHalf = kMost / 2;
  for (int i = 0; i < 500; ++i) {  // half a minute of the smallest commits
    now_ += commit;
    admission_.committed(commit, now_);
    ASSERT_EQ(fill(kHalf), kHalf) << "after " << i;
    arrive(i == 0 ? 0 : kHalf, 3 * commit);
  }
  bool is_refused = false;
  for (int i = 0; i < 150 && !is_refused; ++i) {  // what arrived before is forgotten by and by
    now_ += commit;
    is_refused = fill(15) < 15;
    arrive(15, 10 * commit);
  }
  EXPECT_TRUE(is_refused) << "ten times the fastest commit is a queue on any disk";
}

TEST_F(AdmissionTest, AFewThatNeverArriveAreNoQueue) {
  fill(1);
  now_ += kInterval;
  EXPECT_EQ(fill(5000), kMost - 1);
}

/// An arrival gives its place back once, whichever way it ends: of a full house, as many come in again as left.
TEST_F(AdmissionTest, AnArrivalGivesItsPlaceBackOnce) {
  ManualClock clock;
  stand();
  arrive(kOnTheWay - kFew, kLate);
  {
    Arrival first(admission_, clock);
    Arrival second = std::move(first);
    second.complete();
    Arrival third;
    third = std::move(second);
  }
  EXPECT_EQ(fill(10), 1U);
  { const Arrival lost(admission_, clock); }
  EXPECT_EQ(fill(10), 1U);
}

}  // namespace
}  // namespace troupe::test
