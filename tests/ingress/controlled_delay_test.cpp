// Who is refused after waiting, by plain calls with times of the test's own.
#include "ingress/controlled_delay.hpp"

#include <gtest/gtest.h>

namespace troupe::ingress {
namespace {

using namespace std::chrono_literals;

constexpr Millis kTarget = 5ms, kInterval = 100ms;

class ControlledDelayTest : public testing::Test {
 protected:
  bool admits(Millis waited) { return delay_.admits(waited, now_); }
  void next_interval() { now_ += kInterval; }
  /// An interval in which everybody waited too long.
  void stand(int people = 50) {
    for (int i = 0; i < people; ++i) {
      admits(kTarget + 1ms);
      now_ += kInterval / people;
    }
  }

  ControlledDelay delay_{kTarget, kInterval};
  Millis now_ = 10'000ms;
};

TEST_F(ControlledDelayTest, ServesABurstHoweverLongItWaits) {
  admits(0ms);
  for (int i = 0; i < 90; ++i) {
    now_ += 1ms;
    EXPECT_TRUE(admits(Millis(i)));
  }
}

TEST_F(ControlledDelayTest, RefusesWhoWaitedTwiceTheTargetOnceTheLineStands) {
  admits(0ms);
  next_interval();
  stand();
  EXPECT_TRUE(admits(2 * kTarget));
  EXPECT_FALSE(admits(2 * kTarget + 1ms));
}

TEST_F(ControlledDelayTest, ALineInWhichOneWaitedLittleDoesNotStand) {
  admits(0ms);
  next_interval();
  stand();
  admits(kTarget);
  next_interval();
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(admits(1s)) << "the line before is not forgotten so soon";
    admits(0ms);
    next_interval();
  }
  EXPECT_TRUE(admits(1s));
}

TEST_F(ControlledDelayTest, AFewWhoAreAllLateAreNoLine) {
  admits(0ms);
  next_interval();
  for (int i = 0; i < 20; ++i) stand(20);
  EXPECT_TRUE(admits(1s));
}

TEST_F(ControlledDelayTest, WhereNobodyCameNobodyWaited) {
  admits(0ms);
  next_interval();
  admits(1s);
  now_ += 10 * kInterval;
  EXPECT_TRUE(admits(1s));
}

}  // namespace
}  // namespace troupe::ingress
