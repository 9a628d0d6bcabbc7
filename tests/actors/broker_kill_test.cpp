// What the broker does with its tasks when a kill switch stops them: in which order, how soon, and what comes back.
// Prints the figures.
#include <iostream>

#include "actors/bare_broker.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

class BrokerKillTest : public BareBrokerTest {
 protected:
  KillSwitchId engage(const std::string& client) {
    KillSwitch made;
    made.id.bytes[15] = ++engaged_;
    made.scope = SwitchScope::client;
    made.target = client;
    made.mode = SwitchMode::kill;
    EXPECT_TRUE(context_.switches.begin(made).ok());
    context_.switches.committed(made.id);
    caf::anon_send(broker_, SwitchesChanged{std::make_shared<const KillSwitch>(made)});
    return made.id;
  }
  void release(const KillSwitchId& id) {
    context_.switches.released(id);
    caf::anon_send(broker_, SwitchesChanged{nullptr});
    run();
  }
  /// An undoing of the client `saga` that does not stop; it is at work.
  void given_a_stubborn_undoing() {
    executor_->never_stops("saga");
    auto offer = std::make_shared<TaskOffer>();
    offer->task.key.compensation = true;
    offer->task.client_id = offer->task.step = "saga";
    offer->run = run_;
    offer->ready_at = context_.clock.now();
    caf::anon_send(broker_, TaskOfferPtr(offer));
    run();
    ASSERT_THAT(executor_->running(), ElementsAre("saga"));
  }
  void abandon_run() {
    caf::anon_send(broker_, AbandonRun{run_.address()});
    run();
  }

 private:
  std::uint8_t engaged_ = 0;
};

TEST_F(BrokerKillTest, WhatRunsIsStoppedBeforeWhatWaitsIsHeld) {
  given_worker(1);
  offer("flood");
  run();
  std::optional<std::size_t> stopped;
  HeardByRun waiting;
  waiting.on_held = [&] {
    if (!stopped) stopped = executor_->stopped().size();
  };
  const RunActor at_work = std::exchange(run_, system_->spawn(deaf_run, &waiting));
  offer("flood");
  run();
  engage("flood");
  run();
  EXPECT_EQ(stopped, 1u);
  EXPECT_EQ(heard_.kills, 1u);
  caf::anon_send_exit(run_, caf::exit_reason::user_shutdown);
  run_ = at_work;
  run();
}

TEST_F(BrokerKillTest, WhatItHeldComesBackInItsOldOrder) {
  given_worker(1);
  const std::vector<std::string> steps{"blocks", "one", "two", "three", "four", "five", "six"};
  for (const std::string& step : steps) offer(step == "blocks" ? "other" : "shop", 5, StepType::noop, 0ms, step);
  run();
  const KillSwitchId id = engage("shop");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("blocks"));
  release(id);
  for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_EQ(next(), steps[i]);
}

TEST_F(BrokerKillTest, OfAHundredThousandQueuedTasksThoseThatItCoversAreHeldAndTheOthersStay) {
  given_worker(1, {StepType::noop, StepType::transform});
  for (int i = 0; i < 100'000; ++i) offer(i % 100 == 0 ? "killed" : "flood");
  run();
  const auto timed = [&](const char* what, const auto& act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    const auto took = std::chrono::steady_clock::now() - begin;
    std::cout << what << ": " << std::chrono::duration_cast<Millis>(took).count() << " ms\n";
  };
  KillSwitchId few, rest;
  timed("a kill of 1,000 of 100,000 queued tasks", [&] {
    few = engage("killed");
    run();
  });
  EXPECT_EQ(executor_->running(), std::vector<std::string>{"flood"});
  timed("a kill of the other 99,000", [&] {
    rest = engage("flood");
    run();
  });
  EXPECT_TRUE(executor_->running().empty());
  timed("the release", [&] {
    release(few);
    release(rest);
  });
  std::size_t killed = 0;
  for (int i = 0; i < 200; ++i) killed += next() == "killed";
  EXPECT_EQ(killed, 100u) << "two clients take turns as before";
}

TEST_F(BrokerKillTest, AnUndoingOfARunThatDiesMeanwhileIsNotMadeAgainForIt) {
  given_worker(2);
  given_a_stubborn_undoing();
  const KillSwitchId id = engage("saga");
  run();
  abandon_run();
  executor_->fail_with("saga", {ErrorCode::cancelled, "stopped at last", false, {}});
  run();
  release(id);
  EXPECT_EQ(executor_->count_started("saga"), 1u);
}

TEST_F(BrokerKillTest, AnUndoingOfARunThatDiedBeforeIsNotMadeAgainForIt) {
  given_worker(2);
  given_a_stubborn_undoing();
  abandon_run();
  const KillSwitchId id = engage("saga");
  run();
  executor_->fail_with("saga", {ErrorCode::cancelled, "stopped at last", false, {}});
  run();
  release(id);
  EXPECT_EQ(executor_->count_started("saga"), 1u);
}

TEST_F(BrokerKillTest, AnUndoingThatDidNotStopIsNotMadeAgainForASecondSwitch) {
  given_worker(2);
  given_a_stubborn_undoing();
  const KillSwitchId first = engage("saga");
  run();
  TaskKey task;
  task.compensation = true;
  caf::anon_send(broker_, SlotStuck{task});  // its run offers it under a later epoch
  run();
  release(first);
  const KillSwitchId second = engage("saga");
  run();
  executor_->fail_with("saga", {ErrorCode::cancelled, "stopped at last", false, {}});
  run();
  release(second);
  EXPECT_EQ(executor_->count_started("saga"), 1u);
}

}  // namespace
}  // namespace troupe::test
