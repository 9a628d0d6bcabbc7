// Kill switches, and room, where a step's work is a job of its own.
#include <gmock/gmock.h>

#include "actors/kill_switch_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::AllOf;
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

}  // namespace
}  // namespace troupe::test
