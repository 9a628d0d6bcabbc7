// What comes while a commit of a run is under way is one commit together: what was said of one attempt must not be
// taken for another's, nor what a step was before for what it has become meanwhile.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

class TogetherTest : public NodeTest {
 protected:
  void SetUp() override { start_node(); }

  /// The commit of its end is under way until `commit()`; what comes meanwhile waits.
  void end_and_hold(const std::string& step) {
    script_.all_commits(Fate::unavailable);
    end(step, "{}");
  }
  void end(const std::string& step, const std::string& outputs) {
    ASSERT_TRUE(executor_->complete(step, outputs, "log\n"));
    run();
  }
  void commit() {
    script_.all_commits(Fate::goes_through);
    pass(2s);
  }
  /// While the end of `other` is being committed, a time that is due within 2 s is over, and then the step ends.
  void end_too_late(const std::string& step, const std::string& outputs) {
    end_and_hold("other");
    pass(2s);
    end(step, outputs);
    commit();
  }
  /// The only row of the step.
  ResultRow result(StepIndex step) {
    std::vector<ResultRow> rows = reader_->results(row(job_).run).value();
    std::erase_if(rows, [&](const ResultRow& row) { return row.task.step != step; });
    EXPECT_EQ(rows.size(), 1u);
    return rows.at(0);
  }
  void expect_kept(const ResultRow& row, std::string_view outputs) {
    EXPECT_EQ(row.status, Status::success);
    EXPECT_EQ(row.log, "log\n");
    EXPECT_EQ(row.outputs.view(), outputs);
  }

  JobId job_;
};

// One commit after another would be as slow as the disk, whatever max_parallel says.
TEST_F(TogetherTest, WhatEndsWhileACommitIsUnderWayIsOneCommit) {
  given_workflow(R"(
key: many
steps: [{name: item, type: exec, for_each: "${ [range(4)] }", max_parallel: 4, config: {command: work}}]
)");
  job_ = submit("many");
  end_and_hold("item");
  for (int item = 1; item < 4; ++item) end("item", R"({"n":1})");
  const std::size_t before = script_.written().size();
  commit();
  EXPECT_EQ(status(job_), Status::success);
  EXPECT_EQ(script_.written().size() - before, 2u);  // the first, and the three that came meanwhile
  EXPECT_EQ(view(job_).runs.back().steps.at(0).attempts.size(), 4u);
  EXPECT_EQ(count_actions(job_, "item.completed"), 4u);
}

TEST_F(TogetherTest, WhatAnAttemptGaveIsKeptThoughATimerOfItsThatMeansNothingComesWithIt) {
  given_workflow(R"(
key: two
steps:
  - {name: other, type: exec, needs: [], config: {command: work}}
  - {name: picture, type: exec, needs: [], queue_timeout: 5s, config: {command: work}}
)");
  executor_->gives_assets("picture", 2);
  job_ = submit("two");
  end_and_hold("other");
  pass(5s);
  end("picture", R"({"n":1})");
  commit();
  ASSERT_EQ(status(job_), Status::success);
  EXPECT_EQ(view(job_).runs.back().assets.size(), 2u);
  const ResultRow kept = result(1);
  EXPECT_EQ(kept.log, "log\n");
  EXPECT_EQ(from_document(kept.outputs).at("n"), 1);
}

// The timer of the run is of no attempt, not even of the first one of the first step.
TEST_F(TogetherTest, WhatTheFirstStepGaveIsKeptThoughTheRunsTimeIsOver) {
  given_workflow(R"(
key: three
timeout: 5s
steps:
  - {name: first, type: exec, needs: [], config: {command: work}}
  - {name: other, type: exec, needs: [], config: {command: work}}
  - {name: third, type: exec, needs: [], config: {command: work}}
outputs: "${ .steps.first }"
)");
  job_ = submit("three");
  pass(4s);
  end_too_late("first", R"({"n":1})");
  ASSERT_EQ(error_code(job_), "run_timeout");
  expect_kept(result(0), R"({"n":1})");

  ASSERT_TRUE(retry(job_, "third").ok());
  run();
  ASSERT_TRUE(executor_->complete("third"));
  run();
  ASSERT_EQ(status(job_), Status::success);
  EXPECT_EQ(row(job_).outputs.view(), R"({"n":1})");
}

TEST_F(TogetherTest, WhatIsUndoneAfterACrashIsWhatWasDone) {
  given_workflow(R"(
key: trip
timeout: 5s
steps:
  - {name: book, type: exec, needs: [], config: {command: work},
     compensate: {type: exec, config: {command: "${ .steps.book.room }"}}}
  - {name: other, type: exec, needs: [], config: {command: work}}
)");
  job_ = submit("trip");
  pass(4s);
  end_too_late("book", R"({"room":"12"})");
  crash_node();
  executor_->lose_all();
  start_node();
  pass(1s);
  ASSERT_EQ(executor_->config("book"), R"({"command":"12"})");
  ASSERT_TRUE(executor_->complete("book"));
  run();
}

TEST_F(TogetherTest, AStepWhoseTimeIsOverIsNotToldToBeDoneWhenItsLastItemIs) {
  given_workflow(R"(
key: items
steps:
  - {name: item, type: exec, needs: [], for_each: "${ [range(2)] }", max_parallel: 2, total_timeout: 5s,
     config: {command: work}}
  - {name: other, type: exec, needs: [], config: {command: work}}
)");
  job_ = submit("items");
  pass(1s);
  end("item", R"({"n":1})");
  pass(3s);
  end_too_late("item", R"({"n":1})");
  EXPECT_EQ(error_code(job_), "step_timeout");
  EXPECT_EQ(count_actions(job_, "step.failed"), 1u);
  EXPECT_EQ(count_actions(job_, "item.completed"), 2u);
  EXPECT_EQ(count_actions(job_, "step.completed"), 1u);  // the other's
  const auto rows = reader_->results(row(job_).run);
  for (const ResultRow& row : *rows)
    if (row.task.step == 0) expect_kept(row, R"({"n":1})");
}

}  // namespace
}  // namespace troupe::test
