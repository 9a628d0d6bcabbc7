// What is kept of attempts that did not do their work: who had them, from when to when, why they ended, and what they
// wrote, also where that comes when their run has long gone on.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

class AttemptsTest : public NodeTest {
 protected:
  void SetUp() override {
    start_node();
    given_workflow(R"(
key: one
steps:
  - {name: work, type: exec, timeout: 5s, config: {command: work},
     retry: {max_attempts: 2, initial: 20s, jitter: none, on: [step_timeout, worker_lost]}}
)");
    executor_->never_stops("work");
    job_ = submit("one");
    began_ = clock_.now();
  }

  std::vector<AttemptView> attempts() { return view(job_).runs.back().steps.at(0).attempts; }
  static std::string code(const AttemptView& attempt) {
    return attempt.error.present() ? from_document(attempt.error).at("code").get<std::string>() : "";
  }

  JobId job_;
  Timestamp began_;
};

TEST_F(AttemptsTest, OneThatWasCancelledIsShownWithItsTimesAndLog) {
  pass(2s);
  ask_cancel(job_);
  run();
  pass(1s);
  executor_->stop_late("work", "half done\n");
  run();
  ASSERT_EQ(status(job_), Status::cancelled);
  ASSERT_EQ(attempts().size(), 1u);
  const AttemptView attempt = attempts()[0];
  EXPECT_EQ(attempt.status, Status::cancelled);
  EXPECT_EQ(attempt.worker, "worker");
  EXPECT_EQ(attempt.started_at, began_);
  EXPECT_EQ(attempt.ended_at, began_ + 3s);
  EXPECT_EQ(attempt.log_bytes, 10u);
  EXPECT_EQ(code(attempt), "");
  const RunView shown = view(job_).runs.back();
  EXPECT_EQ(shown.started_at, began_);
  EXPECT_EQ(shown.steps.at(0).started_at, began_);
  EXPECT_EQ(shown.steps.at(0).ended_at, began_ + 3s);
}

TEST_F(AttemptsTest, OneThatNoWorkerHadIsNone) {
  given_workflow("{key: full, steps: [{name: work, type: exec, config: {command: work}}]}");
  for (int slot = 1; slot < 4; ++slot) submit("full");
  job_ = submit("full");  // waits
  ask_cancel(job_);
  run();
  EXPECT_EQ(status(job_), Status::cancelled);
  EXPECT_TRUE(attempts().empty());
  while (executor_->complete("work")) run();
}

TEST_F(AttemptsTest, WhatOneWroteWhoseTimeWasOverIsKeptWhenItStops) {
  pass(5s);
  ASSERT_EQ(attempts().size(), 1u);
  EXPECT_EQ(code(attempts()[0]), "step_timeout");
  EXPECT_EQ(attempts()[0].worker, "worker");
  EXPECT_EQ(attempts()[0].started_at, began_);
  EXPECT_EQ(attempts()[0].log_bytes, 0u);
  pass(2s);
  executor_->stop_late("work", "got to 40 %\n");
  run();
  EXPECT_EQ(attempts()[0].log_bytes, 12u);
  EXPECT_EQ(code(attempts()[0]), "step_timeout");
  EXPECT_EQ(reader_->results(row(job_).run)->at(0).log, "got to 40 %\n");

  pass(20s);
  ASSERT_THAT(executor_->running(), ElementsAre("work"));
  executor_->complete("work", R"({"n":1})", "done\n");
  run();
  EXPECT_EQ(status(job_), Status::success);
  EXPECT_EQ(attempts().size(), 2u);
  EXPECT_EQ(attempts()[1].log_bytes, 5u);
}

TEST_F(AttemptsTest, ItIsKeptToWhenTheRunHasEndedMeanwhile) {
  pass(5s);
  executor_->stop_late("work", "one\n");
  pass(25s);
  ASSERT_EQ(status(job_), Status::failed);
  ASSERT_THAT(executor_->running(), ElementsAre("work"));
  executor_->complete("work", R"({"too":"late"})", "second\n");  // it was faster than the stop
  run();
  ASSERT_EQ(attempts().size(), 2u);
  EXPECT_EQ(attempts()[1].log_bytes, 7u);
  EXPECT_EQ(code(attempts()[1]), "step_timeout");
  EXPECT_EQ(attempts()[1].status, Status::failed);
  EXPECT_EQ(error_code(job_), "step_timeout");
}

TEST_F(AttemptsTest, AnExecutorThatDoesNotStopIsGivenUpAndItsLogKeptAllTheSame) {
  ask_cancel(job_);
  run();
  pass(limits::kStopDeadline);
  ASSERT_EQ(status(job_), Status::cancelled);
  EXPECT_EQ(attempts()[0].worker, "worker");
  EXPECT_EQ(attempts()[0].log_bytes, 0u);
  pass(1h);
  executor_->stop_late("work", "at last\n");
  run();
  EXPECT_EQ(attempts()[0].log_bytes, 8u);
}

TEST_F(AttemptsTest, WhatComesWhileTheStoreIsAwayIsNotLost) {
  script_.all_commits(Fate::unavailable);
  pass(6s);
  executor_->stop_late("work", "unseen\n");  // before its time-out is written
  run();
  script_.all_commits(Fate::goes_through);
  pass(2s);
  ASSERT_EQ(attempts().size(), 1u);
  EXPECT_EQ(code(attempts()[0]), "step_timeout");
  EXPECT_EQ(attempts()[0].log_bytes, 7u);
  pass(20s);
  executor_->complete("work");
  run();
}

TEST_F(AttemptsTest, OneWhoseWorkerDiedIsShownWithIt) {
  pass(1s);
  kill_worker();
  run();
  ASSERT_EQ(attempts().size(), 1u);
  EXPECT_EQ(code(attempts()[0]), "worker_lost");
  EXPECT_EQ(attempts()[0].worker, "worker");
  EXPECT_EQ(attempts()[0].started_at, began_);
  executor_->lose_all();
  pass(30s);
  executor_->complete("work");
  run();
}

}  // namespace
}  // namespace troupe::test
