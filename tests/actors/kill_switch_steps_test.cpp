// Kill switches, and room, where a step's work is a job of its own.
#include <gmock/gmock.h>

#include "actors/kill_switch_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KillSwitchStepsTest : public KillSwitchTest {
 protected:
  void SetUp() override {
    given_workflow("{key: child, timeout: 1d, steps: [{name: work, type: noop, timeout: 1h}]}");
    given_workflow(R"(key: parent
timeout: 1d
steps:
  - {name: first, type: noop, timeout: 1h}
  - {name: call, type: workflow, timeout: 10h, config: {key: child}}
)");
  }
  std::vector<JobRow> children() const {
    JobQuery query;
    query.workflow_key = "child";
    query.limit = 500;
    return *reader_->jobs(query);
  }
  /// The end of the first step of all parents.
  void go_on() {
    while (executor_->complete("first")) {
    }
    run();
  }
  std::string message_of_call(const JobId& parent) { return view(parent).newest.steps.at(1).message; }
};

// --- drain and pause -------------------------------------------------------------------------------------------------

TEST_F(KillSwitchStepsTest, DrainLetsStepsMakeTheirJobs) {
  for (const auto& [scope, target] : {std::pair{"global", ""}, {"workflow", "child"}, {"client", "default"}}) {
    SCOPED_TRACE(scope);
    const JobId parent = submit("parent");
    const KillSwitchId id = engage(scope, target, "drain");
    EXPECT_EQ(refusal("child")->code, ErrorCode::kill_switch_engaged);
    go_on();
    ASSERT_TRUE(executor_->complete("work"));
    run();
    EXPECT_EQ(status(parent), Status::success) << error_message(parent);
    ASSERT_TRUE(release(id).ok());
  }
}

TEST_F(KillSwitchStepsTest, PauseHoldsThemBackAndTheStepSaysSo) {
  const JobId parent = submit("parent");
  const KillSwitchId id = engage("workflow", "child", "pause");
  go_on();
  pass(1h, 10s);
  EXPECT_THAT(children(), IsEmpty());
  EXPECT_THAT(message_of_call(parent),
              AllOf(HasSubstr("waits to try again: "), HasSubstr(to_string(id)), HasSubstr("the bank is down")));
  ASSERT_TRUE(release(id).ok());
  pass(10s);
  ASSERT_THAT(children(), SizeIs(1));
  EXPECT_EQ(message_of_call(parent), "job " + to_string(children()[0].id));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
}

// --- room ------------------------------------------------------------------------------------------------------------

TEST_F(KillSwitchStepsTest, ParentsThatHaveAllTheRoomOfTheirClientGetTheirJobsAllTheSame) {
  adjust_ = [](NodeOptions& options) { options.gateway.runs_live_max = 10; };
  start_node(20);
  std::vector<JobId> parents;
  for (int i = 0; i < 8; ++i) parents.push_back(submit_as("parent", "shop"));
  EXPECT_EQ(refusal("parent", "shop")->code, ErrorCode::overloaded);
  go_on();
  EXPECT_EQ(live_jobs(), 16u) << "they count";
  EXPECT_EQ(refusal("parent", "else")->code, ErrorCode::overloaded);
  while (executor_->complete("work")) run();
  for (const JobId& parent : parents) EXPECT_EQ(status(parent), Status::success) << error_message(parent);
}

TEST_F(KillSwitchStepsTest, StepsMakeTheirJobsThoughTheServerHasMoreWorkThanItMayQueue) {
  const JobId parent = submit("parent");
  node().context().health.changes_waiting += limits::kPersistenceQueue;
  EXPECT_EQ(refusal("child")->code, ErrorCode::overloaded);
  go_on();
  node().context().health.changes_waiting -= limits::kPersistenceQueue;
  ASSERT_TRUE(executor_->complete("work"));
  run();
  EXPECT_EQ(status(parent), Status::success);
}

// --- undoing by a job ------------------------------------------------------------------------------------------------

/// `parent` undoes what it did by a job of `child`, which is at work.
class UndoingJobTest : public KillSwitchStepsTest {
 protected:
  void SetUp() override {
    given_workflow(R"(key: child
timeout: 1d
steps:
  - {name: begin, type: noop, timeout: 1h}
  - {name: work, type: noop, timeout: 1h}
)");
    given_workflow(R"(key: parent
timeout: 1d
steps:
  - {name: do, type: noop, compensate: {type: workflow, timeout: 10h, config: {key: child}, retry: {max_attempts: 1}}}
  - {name: bad, type: noop, retry: {max_attempts: 1}}
)");
    begin_undoing();
  }
  void begin_undoing() {
    parent_ = submit("parent");
    executor_->complete("do");
    run();
    executor_->fail("bad", /*retryable=*/false);
    run();
    executor_->complete("begin");
    run();
    ASSERT_THAT(executor_->running(), ElementsAre("work"));
  }
  void expect_undone() {
    EXPECT_EQ(status(parent_), Status::failed);
    EXPECT_EQ(error_code(parent_), "http_failed") << error_message(parent_);
    EXPECT_EQ(count_actions(parent_, "compensation.completed"), 1u);
    ASSERT_THAT(children(), SizeIs(1));
    EXPECT_EQ(status(children()[0].id), Status::success);
  }
  /// What is begun again does it all.
  void work() {
    executor_->complete("begin");
    run();
    ASSERT_TRUE(executor_->complete("work"));
    run();
  }
  JobId parent_;
};

struct KillOf {
  const char* scope;
  const char* target;
};
class KilledUndoingJobTest : public UndoingJobTest, public ::testing::WithParamInterface<KillOf> {};
INSTANTIATE_TEST_SUITE_P(Scopes, KilledUndoingJobTest,
                         ::testing::Values(KillOf{"global", ""}, KillOf{"workflow", "parent"},
                                           KillOf{"workflow", "child"}, KillOf{"client", "default"},
                                           KillOf{"pool", "default"}),
                         [](const auto& tested) {
                           return std::string(tested.param.scope) + (tested.param.target[0] == 'c' ? "_child" : "");
                         });

TEST_P(KilledUndoingJobTest, IsBegunAgainOnceTheSwitchIsReleased) {
  const KillSwitchId id = engage(GetParam().scope, GetParam().target, "kill");
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(status(children().at(0).id), Status::cancelled);
  pass(1h, 10s);
  EXPECT_FALSE(has_ended(status(parent_)));
  EXPECT_EQ(executor_->count_started("work"), 1u);
  ASSERT_TRUE(release(id).ok());
  pass(10s);
  ASSERT_THAT(executor_->running(), ElementsAre("begin"));
  work();
  expect_undone();
}

TEST_P(KilledUndoingJobTest, IsBegunAgainOverARestartToo) {
  const KillSwitchId id = engage(GetParam().scope, GetParam().target, "kill");
  restart_node();
  EXPECT_FALSE(has_ended(status(parent_)));
  ASSERT_TRUE(release(id).ok());
  pass(10s);
  restart_node();
  ASSERT_THAT(executor_->running(), ElementsAre("begin"));
  work();
  expect_undone();
}

TEST_P(KilledUndoingJobTest, IsBegunAgainWhateverTheOrderInWhichTheActorsTakeTurns) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto engaging = ask_engage(draft(GetParam().scope, GetParam().target, "kill"));
    run_shuffled(seed);
    ASSERT_TRUE((*engaging)->ok());
    pass_shuffled(5s, 250ms, seed);
    gateway().release_kill_switch({}, (**engaging)->kill_switch.id, [](const Result<KillSwitch>&) {});
    run_shuffled(seed + 1);
    pass_shuffled(10s, 250ms, seed);
    ASSERT_THAT(executor_->running(), ElementsAre("begin"));
  }
  work();
  expect_undone();
}

TEST_F(UndoingJobTest, ThatWasStoppedIsToldFromOneThatWasCancelledByItsCode) {
  engage("workflow", "parent", "kill");
  const JobId child = children().at(0).id;
  EXPECT_EQ(error_code(child), "step_stopped");
  EXPECT_THAT(error_message(child), HasSubstr("step do of job " + to_string(parent_) + " was stopped"));
}

TEST_F(UndoingJobTest, ThatIsStoppedUndoesWhatItDidBeforeItIsBegunAgain) {
  work();
  given_workflow(R"(key: child
timeout: 1d
steps:
  - {name: begin, type: noop, timeout: 1h, compensate: {type: noop, timeout: 1h}}
  - {name: work, type: noop, timeout: 1h}
)");
  begin_undoing();
  const KillSwitchId id = engage("global", "", "kill");
  pass(1h, 10s);
  EXPECT_THAT(executor_->running(), IsEmpty());
  const JobId child = children().at(0).id;
  EXPECT_FALSE(has_ended(status(child)));
  ASSERT_TRUE(release(id).ok());
  ASSERT_TRUE(executor_->complete("begin")) << "its undoing";
  run();
  EXPECT_EQ(count_actions(child, "job.retried"), 1u);
  work();
  EXPECT_EQ(error_code(parent_), "http_failed") << error_message(parent_);
}

TEST_F(UndoingJobTest, ThatAPersonCancelsIsNotBegunAgain) {
  ASSERT_TRUE(cancel(children().at(0).id).ok());
  pass(10s);
  EXPECT_EQ(error_code(parent_), "compensation_incomplete");
}

TEST_F(UndoingJobTest, ThatAPersonCancelsInTheWordsOfAStopIsNotBegunAgain) {
  const JobId child = children().at(0).id;
  CancelJob command;
  command.job.id = child;
  command.reason = "step do of job " + to_string(parent_) + " was stopped";
  gateway().cancel({}, std::move(command), render_change,
                   [](const Result<JobChange>& change) { EXPECT_TRUE(change.ok()); });
  run();
  pass(10s);
  EXPECT_EQ(error_code(child), "cancelled");
  EXPECT_EQ(count_actions(child, "job.retried"), 0u);
  EXPECT_EQ(error_code(parent_), "compensation_incomplete");
}

}  // namespace
}  // namespace troupe::test
