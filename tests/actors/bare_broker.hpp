// Broker, worker and a fake executor without a node, in one thread and virtual time. Of the runs there is one, which
// does nothing but note what it is told.
#pragma once

#include <gmock/gmock.h>

#include <caf/scheduler/test_coordinator.hpp>

#include "actors/bare_context.hpp"
#include "actors/broker/broker_actor.hpp"
#include "actors/fake_executor.hpp"
#include "actors/worker/worker_actor.hpp"
#include "store_memory/memory_store.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

inline constexpr Millis kMaxWait = 100s;

struct HeardByRun {
  std::function<void()> on_held = [] {};
  std::size_t kills = 0;
};

inline RunActor::behavior_type deaf_run(RunActor::pointer, HeardByRun* heard) {
  return {[](const Persisted&) {},
          [](const TaskStarting&) {},
          [](const TaskProgress&) {},
          [](const TaskPreview&) {},
          [](const TaskLog&) {},
          [](const TaskEndedPtr&) {},
          [](const TaskGone&) {},
          [](const Wake&) {},
          [](const TurnCame&) {},
          [](const CommandRequestPtr&) {},
          [](const RetryRequestPtr&) {},
          [heard](const TaskHeld&) { heard->on_held(); },
          [heard](const KillRun&) { ++heard->kills; },
          [](const Probe&) {}};
}

class BareBrokerTest : public ::testing::Test {
 protected:
  BareBrokerTest() {
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
    context_.node.fair_rules =
        std::make_shared<FairRules>(FairRules{kMaxWait, {{"three", 3}, {"one", 1}, {"heavy", 10}}});
    broker_ = system_->spawn(broker_actor, &context_.node);
    run_ = system_->spawn(deaf_run, &heard_);
  }
  ~BareBrokerTest() override {
    caf::anon_send_exit(broker_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(run_, caf::exit_reason::user_shutdown);
    for (const WorkerActor& worker : workers_) caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
    run();
  }

  void given_worker(std::size_t slots, std::vector<StepType> types = {StepType::noop}) {
    WorkerOptions options{"worker", slots, {}};
    for (StepType type : types) options.executors[type] = executor_;
    workers_.push_back(system_->spawn(worker_actor, &context_.node, broker_, options));
    run();
  }
  /// The step bears the name of its client, if it is given none.
  TaskKey offer(const std::string& client, int priority = 5, StepType type = StepType::noop, Millis waited = 0ms,
                const std::string& step = "") {
    auto offer = std::make_shared<TaskOffer>();
    offer->task.key.item = ++offers_;
    offer->task.type = type;
    offer->task.client_id = client;
    offer->task.step = step.empty() ? client : step;
    offer->run = run_;
    offer->priority = static_cast<std::uint8_t>(priority);
    offer->ready_at = context_.clock.now() - waited;
    caf::anon_send(broker_, TaskOfferPtr(offer));
    return offer->task.key;
  }
  void run() { dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler()).run(); }

  /// The task that has run longest ends; who got its slot. Empty: nobody waits.
  std::string next() {
    const std::vector<std::string> running = executor_->running();
    EXPECT_TRUE(executor_->complete(running.front()));
    run();
    const std::vector<std::string> now = executor_->running();
    return now.size() == running.size() ? now.back() : "";
  }

  caf::actor_system_config config_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::shared_ptr<StoreReader> reader_ = *store_->reader(1);
  BareContext context_{*reader_};
  std::shared_ptr<FakeExecutor> executor_ = std::make_shared<FakeExecutor>();
  HeardByRun heard_;
  std::unique_ptr<caf::actor_system> system_;
  BrokerActor broker_;
  RunActor run_;
  std::vector<WorkerActor> workers_;
  ItemIndex offers_ = 0;
};

}  // namespace troupe::test
