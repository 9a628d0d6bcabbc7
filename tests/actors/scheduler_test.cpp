// NodeScheduler on real threads: everything that is sent arrives, whoever it is passed on by, and nobody keeps a thread
// to himself.
#include "actors/node/scheduler.hpp"

#include <gtest/gtest.h>

#include <future>

#include <caf/all.hpp>

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

class SchedulerTest : public testing::TestWithParam<std::size_t> {
 protected:
  SchedulerTest() {
    config_.load<NodeScheduler>();
    config_.set("scheduler.max-threads", GetParam());
    system_ = std::make_unique<caf::actor_system>(config_);
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
};

INSTANTIATE_TEST_SUITE_P(Threads, SchedulerTest, testing::Values(1, 4));

caf::behavior relay(caf::event_based_actor* self, caf::actor next, int* handled) {
  return {[=](int left) {
    ++*handled;
    if (left == 0)
      self->quit();
    else
      self->send(next, left - 1);
  }};
}

TEST_P(SchedulerTest, RunsEveryActorOfManyThatSpawnOthers) {
  constexpr int kActors = 2'000, kChildren = 5;
  std::atomic<int> ran = 0;
  std::promise<void> all;
  const auto note = [&] {
    if (++ran == kActors * kChildren) all.set_value();
  };
  for (int i = 0; i < kActors; ++i)
    system_->spawn([note](caf::event_based_actor* self) {
      for (int child = 0; child < kChildren; ++child) self->spawn(note);
    });
  ASSERT_EQ(all.get_future().wait_for(30s), std::future_status::ready) << ran << " of " << kActors * kChildren;
}

TEST_P(SchedulerTest, CarriesAMessageThroughALongChain) {
  constexpr int kActors = 1'000;
  std::vector<int> handled(kActors, 0);
  caf::actor next;
  for (int& count : handled) next = system_->spawn(relay, next, &count);
  caf::anon_send(next, kActors - 1);
  next = {};  // each holds the one after it
  system_->await_all_actors_done();
  EXPECT_EQ(std::count(handled.begin(), handled.end(), 1), kActors);
}

TEST_P(SchedulerTest, LetsOthersRunBesideTwoThatWakeEachOtherForEver) {
  const auto play = [](caf::event_based_actor* self) {
    return caf::behavior{[=](const caf::actor& other) { self->send(other, caf::actor(self)); }};
  };
  std::vector<caf::actor> players;
  for (std::size_t pair = 0; pair < GetParam(); ++pair) {
    players.push_back(system_->spawn(play));
    players.push_back(system_->spawn(play));
    caf::anon_send(players.back(), *(players.end() - 2));
  }
  std::promise<void> ran;
  system_->spawn([&ran] { ran.set_value(); });
  const auto status = ran.get_future().wait_for(10s);
  for (const caf::actor& player : players) caf::anon_send_exit(player, caf::exit_reason::kill);
  system_->await_all_actors_done();
  EXPECT_EQ(status, std::future_status::ready);
}

TEST(PassOnTest, WhatWouldRunNextIsHandedOverByAnActorThatIsBusy) {
  caf::actor_system_config config;
  config.load<NodeScheduler>();
  config.set("scheduler.max-threads", std::size_t{2});
  caf::actor_system system(config);
  std::promise<void> ran;
  auto done = ran.get_future();
  system.spawn([&](caf::event_based_actor* self) {
    self->spawn([&ran] { ran.set_value(); });
    PassOn::hand_over();
    EXPECT_EQ(done.wait_for(10s), std::future_status::ready) << "it waits behind the one who is busy";
  });
  system.await_all_actors_done();
}

TEST_P(SchedulerTest, DeliversWhatIsSentForLaterAlthoughItsSenderHasEnded) {
  std::promise<int> arrived;
  const caf::actor waiting = system_->spawn([&arrived](caf::event_based_actor* self) {
    return caf::behavior{[self, &arrived](int number) {
      arrived.set_value(number);
      self->quit();
    }};
  });
  system_->spawn([waiting](caf::event_based_actor* self) { self->delayed_send(waiting, 20ms, 7); });
  auto number = arrived.get_future();
  ASSERT_EQ(number.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(number.get(), 7);
}

}  // namespace
}  // namespace troupe::test
