// Timers without an actor: what is fired when, and when the timer actor is told.
#include "actors/timer/timers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::test {
namespace {

using testing::ElementsAre;

class TimersTest : public testing::Test {
 protected:
  TimersTest() {
    timers_.on_earlier([this] { earlier_.push_back(to_unix_ms(timers_.awaited())); });
  }

  static Timestamp at(int ms) { return from_unix_ms(ms); }
  void call_at(int ms) {
    timers_.call_at(at(ms), [this, ms] { fired_.push_back(ms); });
  }

  Timers timers_;
  std::vector<int> fired_;
  std::vector<std::int64_t> earlier_;
};

TEST_F(TimersTest, FiresWhatIsDueInOrderAndNothingElse) {
  for (int ms : {30, 10, 20, 40}) call_at(ms);
  EXPECT_EQ(timers_.fire(at(30)), at(40));
  EXPECT_THAT(fired_, ElementsAre(10, 20, 30));
  EXPECT_EQ(timers_.fire(at(40)), Timestamp::max());
  EXPECT_THAT(fired_, ElementsAre(10, 20, 30, 40));
}

TEST_F(TimersTest, FiresWhatIsDueAtTheSameTimeInTheOrderInWhichItWasSet) {
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) timers_.call_at(at(10), [&order, i] { order.push_back(i); });
  timers_.fire(at(10));
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(TimersTest, TellsOnlyOfWhatIsDueBeforeAllElse) {
  for (int ms : {30, 40, 20, 20, 25}) call_at(ms);
  EXPECT_THAT(earlier_, ElementsAre(30, 20));
  timers_.fire(at(20));
  for (int ms : {26, 24}) call_at(ms);
  EXPECT_THAT(earlier_, ElementsAre(30, 20, 24)) << "25 is awaited then";
}

TEST_F(TimersTest, TellsOfWhatComesWhileNothingIsSet) {
  call_at(10);
  timers_.fire(at(10));
  call_at(20);
  EXPECT_THAT(earlier_, ElementsAre(10, 20));
}

TEST_F(TimersTest, AFunctionMaySetAnother) {
  timers_.call_at(at(10), [this] { call_at(15); });
  EXPECT_EQ(timers_.fire(at(12)), at(15)) << "whoever fires learns of it by the answer";
  timers_.fire(at(15));
  EXPECT_THAT(fired_, ElementsAre(15));
}

TEST_F(TimersTest, NeitherKeepsARunAliveNorFiresForOneThatIsForgotten) {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("testing"));
  caf::actor_system system(config);
  int woken = 0;
  struct FakeRun {
    static RunActor::behavior_type make(RunActor::pointer, int* woken) {
      return {[](const Persisted&) {},       [](const TaskStarting&) {},
              [](const TaskProgress&) {},    [](const TaskPreview&) {},
              [](const TaskLog&) {},         [](const TaskEndedPtr&) {},
              [](const TaskGone&) {},        [](const TaskHeld&) {},
              [](const KillRun&) {},         [woken](const Wake&) { ++*woken; },
              [](const TurnCame&) {},        [](const CommandRequestPtr&) {},
              [](const RetryRequestPtr&) {}, [](const Probe&) {}};
    }
  };
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  RunActor kept = system.spawn(FakeRun::make, &woken), gone = system.spawn(FakeRun::make, &woken);
  const auto gone_address = gone.address();
  timers_.wake_at(at(10), kept);
  timers_.wake_at(at(10), gone);
  timers_.forget(timers_.wake_at(at(10), kept));
  scheduler.run();
  gone = RunActor();
  EXPECT_FALSE(caf::actor_cast<RunActor>(gone_address)) << "nobody but the timer knows it";
  EXPECT_EQ(timers_.fire(at(10)), Timestamp::max());
  scheduler.run();
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace troupe::test
