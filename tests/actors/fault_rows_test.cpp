// Rows of docs/faults.md that no other test shows.
#include <gmock/gmock.h>

#include <stdexcept>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPause =
    "{key: pause, timeout: 10h, steps: [{name: pause, type: delay, config: {duration: 10m}}, {name: work, type: "
    "noop}]}";
constexpr const char* kNap =
    "{key: nap, timeout: 10h, steps: [{name: pause, type: delay, config: {duration: 30s}}, {name: work, type: noop}]}";

class FaultRowsTest : public NodeTest {
 protected:
  FaultRowsTest() {
    given_workflow(kPause);
    given_workflow(kNap);
    given_workflow("{key: one, steps: [{name: work, type: noop}]}");
    executor_->ends_at_once("work");
  }
};

TEST_F(FaultRowsTest, AClockThatIsSetBackLosesNothing) {
  const JobId parked = submit("pause"), short_one = submit("nap");
  pass(10s);
  clock_.advance(-1h);
  pass(1h + 15s, 5s);
  EXPECT_FALSE(has_ended(status(short_one))) << "not before its time";
  pass(10s);
  EXPECT_EQ(status(short_one), Status::success);
  EXPECT_FALSE(has_ended(status(parked)));
  pass(10min, 5s);
  EXPECT_EQ(status(parked), Status::success);
  EXPECT_EQ(executor_->count_started("work"), 2u);
}

TEST_F(FaultRowsTest, AClockThatIsSetForwardMakesDueWhatIsDueByIt) {
  const JobId parked = submit("pause"), short_one = submit("nap");
  pass(5s);
  clock_.advance(1h);
  pass(35s);
  EXPECT_EQ(status(short_one), Status::success);
  EXPECT_EQ(status(parked), Status::success);
  EXPECT_EQ(executor_->count_started("work"), 2u);
}

TEST_F(FaultRowsTest, AFullQueueOfChangesRefusesNewJobsAndSaysSo) {
  adjust_ = [](NodeOptions& options) { options.gateway.changes_waiting_max = 1; };
  start_node();
  given_workflow("{key: held, steps: [{name: held, type: noop}]}");
  submit("held");
  script_.all_commits(Fate::unavailable);
  executor_->complete("held");
  run();
  EXPECT_THAT(gateway().readiness().reasons, Contains("too many changes wait for the database"));
  SubmitJob job;
  job.workflow_key = "one";
  EXPECT_FALSE(try_submit(job).ok());
  script_.all_commits(Fate::goes_through);
  pass(10s);
  EXPECT_TRUE(gateway().readiness().ready);
  EXPECT_TRUE(try_submit(job).ok());
}

TEST_F(FaultRowsTest, AJobWhoseRowCannotBeReadIsLeftAloneAndTheNodeGoesOn) {
  given_workflow("{key: held, steps: [{name: held, type: noop}]}");
  const JobId damaged = submit("held"), other = submit("held");
  crash_node();
  reader_->damaged = damaged;
  start_node();
  EXPECT_EQ(live_jobs(), 1u);
  EXPECT_THAT(executor_->running(), ElementsAre("held"));
  executor_->complete("held");
  run();
  EXPECT_EQ(status(other), Status::success);
  EXPECT_FALSE(has_ended(status(damaged)));
  EXPECT_TRUE(gateway().readiness().ready);
}

TEST_F(FaultRowsTest, AReadThatCrashesIsAnswered) {
  const JobId job = submit("one");
  reader_->throws = true;
  std::optional<Result<JobView>> answer;
  gateway().job({}, {job, "", {}}, true, [&](Result<JobView> view) { answer = std::move(view); });
  run();
  reader_->throws = false;
  ASSERT_TRUE(answer.has_value()) << "nobody waits for ever";
  EXPECT_EQ(answer->error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace troupe::test
