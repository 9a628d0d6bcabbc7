// Whatever crashes a run's actor, and as often as it does: the run ends with a code, its neighbours and the node go on,
// and nobody waits for an answer that will not come.
#include <gmock/gmock.h>

#include <stdexcept>

#include "actors/node_fixture.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "actors/wrapped_evaluator.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

/// What an evaluator is asked for, or told, when it crashes.
enum class Call { none, condition, items, config, undo_config, outputs, result, signal, wake_time };

struct CrashPlan {
  Call at = Call::none;
  StepIndex step = 0;  ///< of those that name one
  int times = 0;       ///< left
  int crashes = 0;
};

/// Crash in runs of the workflow `broken`, as planned.
class CrashingEvaluators final : public EvaluatorFactory {
 public:
  CrashingEvaluators(std::unique_ptr<EvaluatorFactory> inner, CrashPlan& plan)
      : inner_(std::move(inner)), plan_(plan) {}

  std::unique_ptr<Evaluator> make(WorkflowPtr workflow, RunFacts facts) override {
    const bool broken = workflow->key == "broken";
    auto evaluator = inner_->make(std::move(workflow), std::move(facts));
    return broken ? std::make_unique<Crashing>(std::move(evaluator), plan_) : std::move(evaluator);
  }

 private:
  class Crashing final : public WrappedEvaluator {
   public:
    Crashing(std::unique_ptr<Evaluator> inner, CrashPlan& plan) : WrappedEvaluator(std::move(inner)), plan_(plan) {}
    Result<bool> condition(StepIndex step) override {
      crash_at(Call::condition, step);
      return WrappedEvaluator::condition(step);
    }
    Result<ItemIndex> item_count(StepIndex step) override {
      crash_at(Call::items, step);
      return WrappedEvaluator::item_count(step);
    }
    Result<Document> config(const TaskKey& task) override {
      crash_at(task.compensation ? Call::undo_config : Call::config, task.step);
      return WrappedEvaluator::config(task);
    }
    Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) override {
      crash_at(Call::wake_time, step);
      return WrappedEvaluator::wake_time(step, item, now);
    }
    Result<Document> outputs() override {
      crash_at(Call::outputs, plan_.step);
      return WrappedEvaluator::outputs();
    }
    void add_signal(std::uint32_t ordinal, Document payload) override {
      crash_at(Call::signal, plan_.step);
      WrappedEvaluator::add_signal(ordinal, std::move(payload));
    }

   private:
    void crash_at(Call call, StepIndex step) {
      if (plan_.at != call || plan_.step != step || plan_.times == 0) return;
      --plan_.times;
      ++plan_.crashes;
      throw std::runtime_error("a fault of ours");
    }

    CrashPlan& plan_;
  };

  std::unique_ptr<EvaluatorFactory> inner_;
  CrashPlan& plan_;
};

class AnyCrashTest : public NodeTest {
 protected:
  AnyCrashTest() {
    crash_node();
    evaluators_ = std::make_unique<CrashingEvaluators>(std::move(evaluators_), plan_);
    start_node();
    given_workflow("{key: fine, timeout: 5h, steps: [{name: good, type: noop, timeout: 5h}]}");
  }
  void crashes(Call at, StepIndex step, int times = 1'000) { plan_ = {at, step, times, 0}; }

  CrashPlan plan_;
};

/// A step of a run's life, in which it crashes each time.
struct Place {
  const char* name;
  Call at;
  StepIndex step;
  const char* workflow;
  const char* works;  ///< this step is completed
  const char* fails;  ///< this one then fails
  const char* code;
};

class CrashPlaceTest : public AnyCrashTest, public ::testing::WithParamInterface<Place> {};

constexpr const char* kBrokenTwo = "{key: broken, steps: [{name: first, type: noop}, {name: second, type: noop}]}";

TEST_P(CrashPlaceTest, EndsTheRunWithACodeAfterABoundedNumberOfCrashes) {
  const Place& place = GetParam();
  given_workflow(place.workflow);
  const JobId job = submit("broken"), neighbour = submit("fine");
  crashes(place.at, place.step);
  ASSERT_TRUE(executor_->complete(place.works));
  run();
  if (place.fails) {
    ASSERT_TRUE(executor_->fail(place.fails, false));
    run();
  }
  for (int i = 0; i < 30 && !has_ended(status(job)); ++i) {
    executor_->complete(place.works);  // what was done and not committed is done again
    run();
    if (place.fails) executor_->fail(place.fails, false);
    pass(10s);
  }
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), place.code);
  EXPECT_GE(plan_.crashes, 2);
  EXPECT_LE(plan_.crashes, kCrashesMax);
  ASSERT_TRUE(executor_->complete("good"));
  run();
  EXPECT_EQ(status(neighbour), Status::success);
  EXPECT_EQ(executor_->count_started("good"), 1u);
  EXPECT_EQ(live_jobs(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Places, CrashPlaceTest,
    ::testing::Values(
        Place{"TheOutputs", Call::outputs, 0, "{key: broken, steps: [{name: first, type: noop}]}", "first", nullptr,
              "poison"},
        Place{"TheConfigOfTheNextStep", Call::config, 1, kBrokenTwo, "first", nullptr, "poison"},
        Place{"TheConditionOfTheNextStep", Call::condition, 1,
              "{key: broken, steps: [{name: first, type: noop}, {name: second, type: noop, when: '${ .steps.first.x "
              "}'}]}",
              "first", nullptr, "poison"},
        Place{"TheItemsOfTheNextStep", Call::items, 1,
              "{key: broken, steps: [{name: first, type: noop}, {name: second, type: noop, for_each: '${ [1, 2] }'}]}",
              "first", nullptr, "poison"},
        Place{"TheTimeOfADelay", Call::wake_time, 1,
              "{key: broken, steps: [{name: first, type: noop}, {name: second, type: delay, config: {duration: 5s}}]}",
              "first", nullptr, "poison"},
        Place{"TheUndoingOfAStep", Call::undo_config, 0,
              "{key: broken, steps: [{name: first, type: noop, compensate: {type: noop}}, {name: second, type: noop}]}",
              "first", "second", "compensation_incomplete"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(AnyCrashTest, EndsARunThatCrashesEachTimeItIsTakenOver) {
  given_workflow("{key: broken, steps: [{name: first, type: noop}]}");
  const JobId job = submit("broken");
  crashes(Call::config, 0);
  restart_node();
  pass(2min);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "poison");
  EXPECT_THAT(std::string(row(job).error.view()), HasSubstr("a fault of ours"));
  EXPECT_EQ(plan_.crashes, kCrashesMax);
}

TEST_F(AnyCrashTest, EndsARunWhoseTimerCrashesIt) {
  given_workflow(
      "{key: broken, steps: [{name: first, type: noop, retry: {max_attempts: 3, initial: 5s, jitter: none}}]}");
  const JobId job = submit("broken");
  executor_->fail("first", /*retryable=*/true);
  run();
  crashes(Call::config, 0);
  pass(2min);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "poison");
}

TEST_F(AnyCrashTest, AnswersWhoSentASignalThatCrashesTheRunEachTimeAndEndsItIfItGoesOn) {
  given_workflow("{key: broken, steps: [{name: wait, type: signal, config: {name: go}, timeout: 1h}]}");
  const JobId job = submit("broken");
  crashes(Call::signal, 0);
  int answers = 0;
  for (; answers < 20 && !has_ended(status(job)); ++answers) {
    std::optional<Result<JobChange>> answer;
    SendSignal signal;
    signal.run = row(job).run;
    signal.name = "go";
    gateway().signal({}, signal, render_change, [&](Result<JobChange> change) { answer = std::move(change); });
    run();
    ASSERT_TRUE(answer.has_value()) << "nobody waits for ever";
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->error().code, ErrorCode::internal);
    pass(55s, 1s);
  }
  EXPECT_EQ(answers, kCrashesMax);
  EXPECT_EQ(error_code(job), "poison");
}

TEST_F(AnyCrashTest, ForgetsCrashesThatAreLongAgo) {
  given_workflow("{key: broken, steps: [{name: wait, type: signal, config: {name: go}, timeout: 100h}]}");
  const JobId job = submit("broken");
  crashes(Call::signal, 0, 3 * kCrashesMax);
  for (int i = 0; i < 3 * kCrashesMax; ++i) {
    SendSignal signal;
    signal.run = row(job).run;
    signal.name = "go";
    gateway().signal({}, signal, render_change, [](Result<JobChange>) {});
    run();
    pass(kCrashesForgotten + 10s, 10s);
  }
  EXPECT_FALSE(has_ended(status(job)));
  EXPECT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
}

TEST_F(AnyCrashTest, AJobWhoseFirstDecisionCrashesIsRefusedAndTheNodeGoesOn) {
  given_workflow("{key: broken, steps: [{name: first, type: noop}]}");
  crashes(Call::config, 0);
  SubmitJob job;
  job.workflow_key = "broken";
  EXPECT_EQ(try_submit(job).error().code, ErrorCode::internal);
  EXPECT_EQ(live_jobs(), 0u);
  const JobId other = submit("fine");
  executor_->complete("good");
  run();
  EXPECT_EQ(status(other), Status::success);
}

TEST_F(AnyCrashTest, ARetryThatCrashesIsAnsweredAndTheJobStaysAsItWas) {
  given_workflow("{key: broken, steps: [{name: first, type: noop}]}");
  const JobId job = submit("broken");
  executor_->fail("first", false);
  run();
  ASSERT_EQ(status(job), Status::failed);
  crashes(Call::config, 0);
  EXPECT_EQ(retry(job).error().code, ErrorCode::internal);
  pass(1s);
  EXPECT_EQ(error_code(job), "http_failed");
  EXPECT_EQ(live_jobs(), 0u);

  plan_ = {};
  ASSERT_TRUE(retry(job).ok());
  executor_->complete("first");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(AnyCrashTest, WhatARunHadUnderWayWhenItCrashedIsStopped) {
  given_workflow(
      "{key: broken, steps: [{name: first, type: noop, needs: []}, {name: long, type: noop, needs: []}, "
      "{name: last, type: noop, needs: [first]}]}");
  const JobId job = submit("broken");
  crashes(Call::config, 2, 1);
  executor_->complete("first");
  run();
  EXPECT_THAT(executor_->stopped(), ::testing::ElementsAre("long"));
  EXPECT_EQ(busy_slots(), 0u);
  pass(1s);
  for (const char* step : {"first", "long", "last"}) {
    ASSERT_TRUE(executor_->complete(step)) << step;
    run();
  }
  EXPECT_EQ(status(job), Status::success);
}

// --- what is not started again by itself -----------------------------------------------------------------------------

TEST_F(NodeTest, EndsTheProcessWhenAnActorDiesThatCannotBeStartedAgain) {
  std::vector<std::string> failed;
  adjust_ = [&](NodeOptions& options) { options.failed = [&](std::string why) { failed.push_back(why); }; };
  const auto dies = [&](auto actor_of) {
    start_node();
    caf::anon_send_exit(actor_of(node().actors()), caf::exit_reason::unhandled_exception);
    run();
  };
  dies([](const NodeActors& actors) { return actors.persistence.begin()->actor; });
  dies([](const NodeActors& actors) { return actors.completion; });
  dies([](const NodeActors& actors) { return actors.timer; });
  dies([](const NodeActors& actors) { return actors.schedules; });
  dies([](const NodeActors& actors) { return actors.broker; });
  dies([](const NodeActors& actors) { return actors.supervisor; });
  using ::testing::StartsWith;
  EXPECT_THAT(failed, ::testing::ElementsAre(StartsWith("persistence failed"), StartsWith("completion failed"),
                                             StartsWith("timer failed"), StartsWith("schedules failed"),
                                             StartsWith("broker failed"), StartsWith("supervisor failed")));
  start_node();
}

}  // namespace
}  // namespace troupe::test
