// Which runs may be under way, by plain calls.
#include "actors/concurrency/concurrency_gate.hpp"

#include <gmock/gmock.h>

#include "actors/fake_ports.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GateTest : public ::testing::Test {
 protected:
  explicit GateTest(bool opened = true) {
    if (opened) gate_.open();
  }

  static JobId job(int number) {
    JobId id;
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
  }
  static RunId run(int number, int retry = 0) {
    RunId id = job(number).as<RunId>();
    id.bytes[0] = static_cast<std::uint8_t>(retry);
    return id;
  }
  ConcurrencyGate::Claim claim(int number, const std::string& key = "k", int priority = 5,
                               const std::string& client = "c") {
    return {job(number), run(number), client, static_cast<std::uint8_t>(priority), "limited", key, clock_.now()};
  }
  bool enter(const ConcurrencyGate::Claim& wanted) {
    const bool begins = gate_.enter(wanted);
    if (!begins) wait(wanted);
    return begins;
  }
  void wait(const ConcurrencyGate::Claim& wanted) {
    gate_.wait(wanted.job, wanted.run, [this, number = wanted.job.bytes[15]] { admitted_.push_back(number); });
  }
  void leave(int number) { gate_.leave(job(number), run(number)); }
  std::pair<std::size_t, std::size_t> counts() const { return {gate_.counts().held, gate_.counts().under_way}; }
  using Counts = std::pair<std::size_t, std::size_t>;

  ManualClock clock_;
  int limit_ = 2;
  ConcurrencyGate gate_{std::make_shared<FairRules>(), clock_, [this](const std::string&) { return limit_; }};
  std::vector<int> admitted_;
};

TEST_F(GateTest, LetsBeginAsManyAsTheLimitSaysAndOneMoreForEachThatLeaves) {
  EXPECT_TRUE(enter(claim(1)));
  EXPECT_TRUE(enter(claim(2)));
  EXPECT_FALSE(enter(claim(3)));
  EXPECT_FALSE(enter(claim(4)));
  EXPECT_EQ(counts(), Counts(2, 2));
  leave(2);
  EXPECT_THAT(admitted_, ElementsAre(3));
  leave(3);
  leave(1);
  EXPECT_THAT(admitted_, ElementsAre(3, 4));
  leave(4);
  EXPECT_EQ(counts(), Counts(0, 0));
}

TEST_F(GateTest, CountsEachKeyByItself) {
  limit_ = 1;
  EXPECT_TRUE(enter(claim(1, "a")));
  EXPECT_TRUE(enter(claim(2, "b")));
  EXPECT_FALSE(enter(claim(3, "a")));
  leave(2);
  EXPECT_THAT(admitted_, IsEmpty());
}

TEST_F(GateTest, AdmitsByPriorityThenClientsInTurnThenAge) {
  limit_ = 1;
  enter(claim(1));
  enter(claim(2, "k", 5, "flood"));
  enter(claim(3, "k", 5, "flood"));
  enter(claim(4, "k", 5, "quiet"));
  enter(claim(5, "k", 9, "flood"));
  leave(1);
  for (int i = 0; i < 3; ++i) leave(admitted_.back());
  EXPECT_THAT(admitted_, ElementsAre(5, 2, 4, 3));
}

TEST_F(GateTest, WhoGivesUpWaitingGivesUpItsPlace) {
  limit_ = 1;
  enter(claim(1));
  enter(claim(2));
  enter(claim(3));
  leave(2);
  EXPECT_EQ(counts(), Counts(1, 1));
  leave(1);
  EXPECT_THAT(admitted_, ElementsAre(3));
}

TEST_F(GateTest, LeavingTwiceFreesOneSlot) {
  limit_ = 1;
  enter(claim(1));
  enter(claim(2));
  enter(claim(3));
  leave(1);
  leave(1);
  EXPECT_THAT(admitted_, ElementsAre(2));
}

TEST_F(GateTest, WhoseTurnCameBeforeItAskedIsToldAtOnceAndAgain) {
  limit_ = 1;
  enter(claim(1));
  ASSERT_FALSE(gate_.enter(claim(2)));  // accepted, and not loaded yet
  leave(1);
  EXPECT_FALSE(enter(claim(3))) << "the slot is taken";
  wait(claim(2));
  wait(claim(2));  // it was loaded again before it could begin
  EXPECT_THAT(admitted_, ElementsAre(2, 2));
}

TEST_F(GateTest, AnotherRunOfAJobTakesThePlaceOfTheOneBefore) {
  limit_ = 1;
  enter(claim(1));
  auto retry = claim(1);
  retry.run = run(1, 1);
  EXPECT_TRUE(gate_.enter(retry));
  leave(1);
  EXPECT_EQ(counts(), Counts(0, 1)) << "the run before has nothing to give back";
  gate_.leave(retry.job, retry.run);
  EXPECT_EQ(counts(), Counts(0, 0));
}

TEST_F(GateTest, AHigherLimitAdmitsAtOnceALowerOneTakesNothingAway) {
  for (int i = 1; i <= 5; ++i) enter(claim(i));
  limit_ = 4;
  gate_.limit_changed("another");
  EXPECT_THAT(admitted_, IsEmpty());
  gate_.limit_changed("limited");
  EXPECT_THAT(admitted_, ElementsAre(3, 4));
  limit_ = 1;
  gate_.limit_changed("limited");
  for (int i = 1; i <= 3; ++i) leave(i);
  EXPECT_EQ(counts(), Counts(1, 1));
  leave(4);
  EXPECT_THAT(admitted_, ElementsAre(3, 4, 5));
}

TEST_F(GateTest, WithoutALimitAllBegin) {
  for (int i = 1; i <= 5; ++i) enter(claim(i));
  limit_ = 0;
  gate_.limit_changed("limited");
  EXPECT_EQ(counts(), Counts(0, 5));
}

class ClosedGateTest : public GateTest {
 protected:
  ClosedGateTest() : GateTest(false) {}
};

TEST_F(ClosedGateTest, AdmitsNobodyBeforeAllAreLoadedAndThenInOrderOfAge) {
  EXPECT_FALSE(enter(claim(9)));  // accepted meanwhile
  clock_.advance(-10s);
  gate_.restore(claim(3), /*held=*/true);
  clock_.advance(-10s);
  gate_.restore(claim(1), /*held=*/false);
  gate_.restore(claim(2), /*held=*/true);
  wait(claim(2));
  EXPECT_EQ(counts(), Counts(3, 1));
  EXPECT_THAT(admitted_, IsEmpty());
  gate_.open();
  wait(claim(3));
  leave(1);
  leave(2);
  EXPECT_THAT(admitted_, ElementsAre(2, 3, 9));
}

TEST_F(ClosedGateTest, WhoWasUnderWayKeepsItsSlotAboveTheLimitToo) {
  for (int i = 1; i <= 5; ++i) gate_.restore(claim(i), /*held=*/false);
  gate_.open();
  EXPECT_EQ(counts(), Counts(0, 5));
  EXPECT_FALSE(enter(claim(6)));
  for (int i = 1; i <= 3; ++i) leave(i);
  EXPECT_THAT(admitted_, IsEmpty());
  leave(4);
  EXPECT_THAT(admitted_, ElementsAre(6));
}

TEST_F(ClosedGateTest, WhatIsLoadedTwiceCountsOnce) {
  gate_.restore(claim(1), false);
  gate_.restore(claim(1), false);
  gate_.restore(claim(2), true);
  gate_.restore(claim(2), true);
  gate_.open();
  EXPECT_EQ(counts(), Counts(0, 2));
  gate_.leave(job(1));
  gate_.leave(job(2));
  EXPECT_EQ(counts(), Counts(0, 0));
}

}  // namespace
}  // namespace troupe::test
