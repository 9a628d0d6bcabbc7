// Kill switches where a step's work is a job of its own.
#include "actors/kill_switch_fixture.hpp"

namespace troupe::test {
namespace {

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
  /// The end of the first step of all parents.
  void go_on() {
    while (executor_->complete("first")) {
    }
    run();
  }
};

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

}  // namespace
}  // namespace troupe::test
