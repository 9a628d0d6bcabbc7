// Steps that wait for people, on a whole node: signals and approvals, over restarts, at rest and while much happens.
#include <gmock/gmock.h>

#include "actors/bare_context.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/node_fixture.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

constexpr const char* kPaid = R"(
key: paid
steps:
  - {name: paid, type: signal, config: {name: "paid"}}
  - {name: ship, type: noop, timeout: 1h}
outputs: {amount: "${ .steps.paid.payload.amount }"}
)";

class MessagesTest : public NodeTest {
 protected:
  Result<JobChange> signal(const JobId& job, const std::string& name, const std::string& payload = "null") {
    std::optional<Result<JobChange>> answer;
    gateway().signal({}, {row(job).run, name, Document(payload), {}}, render_change,
                     [&](Result<JobChange> change) { answer = std::move(change); });
    run();
    return answer.value_or(Error{ErrorCode::internal, "no answer", false, {}});
  }
  Result<JobChange> review(const JobId& job, const std::string& reviewer, std::vector<AssetId> approve,
                           std::vector<AssetId> reject = {}) {
    std::optional<Result<JobChange>> answer;
    gateway().review({}, {row(job).run, reviewer, std::move(approve), std::move(reject), "", {}}, render_change,
                     [&](Result<JobChange> change) { answer = std::move(change); });
    run();
    return answer.value_or(Error{ErrorCode::internal, "no answer", false, {}});
  }
  void finish(const std::string& step, const std::string& outputs = "{}") {
    ASSERT_TRUE(executor_->complete(step, outputs)) << step;
    run();
  }
  std::string outputs(const JobId& job) const { return std::string(row(job).outputs.view()); }
  WaitingFor waits_for(const JobId& job) { return waiting_for(*decode_run_state(row(job).state), clock_.now()); }

  /// A job whose step `draw` has made so many images, and whose review waits for decisions.
  JobId drawn(const std::string& review_config, std::size_t images, const std::string& timeout = "") {
    given_workflow("key: poster\nsteps:\n  - {name: draw, type: noop}\n  - {name: review, type: approval, " + timeout +
                   "config: {assets: \"${ .steps.draw.assets }\", " + review_config +
                   "}}\n  - {name: publish, type: noop}\noutputs: {ids: \"${ [.steps.review.approved[].id] }\"}\n");
    const JobId job = submit("poster");
    executor_->gives_assets("draw", images);
    finish("draw");
    images_.clear();
    const std::vector<AssetRow> assets = *reader_->assets_of_run(job.as<RunId>());
    for (const AssetRow& asset : assets) images_.push_back(asset.id);
    EXPECT_EQ(images_.size(), images);
    return job;
  }
  std::string ids(std::vector<std::size_t> indexes) const {
    Json list = Json::array();
    for (std::size_t i : indexes) list.push_back(to_string(images_[i]));
    return to_text(Json{{"ids", list}});
  }

  std::vector<AssetId> images_;
};

// --- signals
// -----------------------------------------------------------------------------------------------------------

TEST_F(MessagesTest, ASignalLetsTheRunGoOnWithItsPayload) {
  given_workflow(kPaid);
  const JobId job = submit("paid");
  EXPECT_EQ(waits_for(job), WaitingFor::signal);
  ASSERT_TRUE(signal(job, "paid", R"({"amount":12})").ok());
  EXPECT_THAT(executor_->started(), ElementsAre("ship"));
  finish("ship");
  EXPECT_EQ(outputs(job), R"({"amount":12})");
  EXPECT_EQ(count_actions(job, "signal.received"), 1u);
}

TEST_F(MessagesTest, WhatNoWorkerDidIsMeasuredToo) {
  given_workflow(
      "{key: slow, timeout: 1h, steps: [{name: paid, type: signal, config: {name: paid}}, {name: rest, type: delay, "
      "config: {duration: 5m}}]}");
  const JobId job = submit("slow");
  pass(10min, 60s);
  ASSERT_TRUE(signal(job, "paid").ok());
  pass(5min, 1s);
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(metrics_.took[StepType::signal], 10min);
  EXPECT_EQ(metrics_.took[StepType::delay], 5min);
}

TEST_F(MessagesTest, ARunThatWaitsForASignalRestsAndKeepsItsTimeOut) {
  given_workflow(kPaid);
  const JobId job = submit("paid");
  EXPECT_EQ(live_jobs(), 0u);
  pass(24h, 60s);  // its time-out is five minutes
  EXPECT_FALSE(has_ended(status(job)));
  ASSERT_TRUE(signal(job, "paid", R"({"amount":1})").ok());
  EXPECT_THAT(executor_->running(), ElementsAre("ship"));
  pass(301s);
  EXPECT_EQ(error_code(job), "run_timeout");
}

TEST_F(MessagesTest, ASignalThatCameFirstIsKeptOverARestart) {
  given_workflow(R"(
key: late
steps:
  - {name: before, type: noop}
  - {name: wait, type: signal, config: {name: go}}
outputs: {got: "${ .steps.wait.payload }"}
)");
  const JobId job = submit("late");
  ASSERT_TRUE(signal(job, "go", "[1]").ok());
  ASSERT_TRUE(signal(job, "go", "[2]").ok());
  restart_node();
  run();
  finish("before");
  EXPECT_EQ(outputs(job), R"({"got":[1]})");
}

TEST_F(MessagesTest, WhatASignalGaveIsKnownAfterARestart) {
  given_workflow(kPaid);
  const JobId job = submit("paid");
  ASSERT_TRUE(signal(job, "paid", R"({"amount":7})").ok());
  restart_node();
  run();
  finish("ship");
  EXPECT_EQ(outputs(job), R"({"amount":7})");
}

TEST_F(MessagesTest, ASignalIsRefusedWhereItCannotCount) {
  given_workflow("{key: deaf, steps: [{name: a, type: noop}]}");
  const JobId job = submit("deaf");
  EXPECT_EQ(signal(job, "go").error().code, ErrorCode::no_signal_expected);
  finish("a");
  EXPECT_EQ(signal(job, "go").error().code, ErrorCode::job_finished);
  EXPECT_EQ(signal(job, "go", '"' + std::string(40'000, 'x') + '"').error().code, ErrorCode::payload_too_large);
  std::optional<Result<JobChange>> answer;
  gateway().signal({}, {RunId{{9}}, "go", {}, {}}, render_change, [&](Result<JobChange> change) { answer = change; });
  run();
  EXPECT_EQ(answer->error().code, ErrorCode::not_found);
}

TEST_F(MessagesTest, ASignalThatNoStepWaitsForIsRefusedWhetherTheRunIsAtWorkOrRests) {
  given_workflow(R"(
key: order
steps:
  - {name: check, type: noop}
  - {name: paid, type: signal, config: {name: paid}}
  - {name: sent, type: signal, config: {name: sent}}
)");
  const JobId job = submit("order");
  const auto expect_refused = [&](const std::string& names) {
    const auto answer = signal(job, "payed");
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::no_signal_expected);
    EXPECT_EQ(answer.error().message,
              "no step of the run waits for the signal \"payed\", or will; its steps wait for " + names);
  };
  expect_refused(R"("paid", "sent")");
  finish("check");
  ASSERT_EQ(live_jobs(), 0u);
  expect_refused(R"("paid", "sent")");
  EXPECT_EQ(live_jobs(), 0u) << "it rests again";
  restart_node();
  expect_refused(R"("paid", "sent")");
  ASSERT_TRUE(signal(job, "paid").ok());
  expect_refused(R"("sent")");
  ASSERT_TRUE(signal(job, "sent").ok());
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(signal(job, "payed").error().code, ErrorCode::job_finished);
  EXPECT_EQ(count_actions(job, "signal.received"), 2u) << "nothing is left of those that were refused";
}

TEST_F(MessagesTest, WhatIsNoNameOfAStepIsRefusedOnceAllExpressionsHaveGivenTheirs) {
  given_workflow(R"(
key: order
steps:
  - {name: check, type: noop}
  - {name: paid, type: signal, for_each: "${ .inputs.orders }", config: {name: "paid-${ .item }"}}
)");
  SubmitJob wanted;
  wanted.inputs = Document(R"({"orders":[7,8]})");
  const JobId job = submit("order", wanted);
  EXPECT_TRUE(signal(job, "paid-9").ok()) << "who knows";
  finish("check");
  restart_node();
  const auto answer = signal(job, "paid-9");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().message,
            R"(no step of the run waits for the signal "paid-9", or will; its steps wait for "paid-7", "paid-8")");
  ASSERT_TRUE(signal(job, "paid-8").ok());
  ASSERT_TRUE(signal(job, "paid-7").ok());
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(MessagesTest, ASignalStepHasATimeOutOfItsOwn) {
  given_workflow("{key: hurry, steps: [{name: wait, type: signal, timeout: 2h, config: {name: go}}]}");
  const JobId job = submit("hurry");
  pass(2h - 1s, 10s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(1s + 250ms);
  EXPECT_EQ(error_code(job), "step_timeout");
}

// --- approvals
// ---------------------------------------------------------------------------------------------------------

TEST_F(MessagesTest, AnySubsetIsApprovedInOneGo) {
  const JobId job = drawn("min_approved: 1", 4);
  EXPECT_EQ(waits_for(job), WaitingFor::approval);
  ASSERT_TRUE(review(job, "ada", {images_[1], images_[3]}, {images_[0]}).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("publish"));
  finish("publish");
  EXPECT_EQ(outputs(job), ids({1, 3}));
  EXPECT_EQ(count_actions(job, "asset.approved"), 2u);
  EXPECT_EQ(count_actions(job, "asset.rejected"), 1u);
}

TEST_F(MessagesTest, DecisionsAreCountedOverARestart) {
  const JobId job = drawn("min_approved: 2, min_approvers: 2", 2);
  ASSERT_TRUE(review(job, "ada", {images_[0], images_[1]}).ok());
  ASSERT_TRUE(review(job, "grace", {images_[0]}).ok());
  restart_node();
  run();
  EXPECT_FALSE(has_ended(status(job)));
  ASSERT_TRUE(review(job, "grace", {images_[1]}).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("publish"));
}

TEST_F(MessagesTest, AReviewerDecidesOnceAboutAnImage) {
  const JobId job = drawn("min_approved: 1, min_approvers: 2", 1);
  ASSERT_TRUE(review(job, "ada", images_).ok());
  ASSERT_TRUE(review(job, "ada", images_).ok());  // again: nothing changes
  EXPECT_EQ(review(job, "ada", {}, images_).error().code, ErrorCode::already_reviewed);
  EXPECT_EQ(count_actions(job, "asset.approved"), 1u);
  restart_node();
  run();
  ASSERT_TRUE(review(job, "ada", images_).ok());
  EXPECT_TRUE(executor_->running().empty());
  ASSERT_TRUE(review(job, "grace", images_).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("publish"));
}

TEST_F(MessagesTest, TooManyRejectionsFailTheRun) {
  const JobId job = drawn("min_approved: 2", 2);
  ASSERT_TRUE(review(job, "ada", {}, {images_[0]}).ok());
  EXPECT_EQ(error_code(job), "approval_rejected");
}

TEST_F(MessagesTest, DecisionsAfterTheEndAreRecordedAndChangeNothing) {
  const JobId job = drawn("min_approved: 1", 2);
  ASSERT_TRUE(review(job, "ada", {images_[0]}).ok());
  finish("publish");
  const JobRow before = row(job);
  ASSERT_EQ(before.status, Status::success);
  ASSERT_TRUE(review(job, "grace", {images_[1]}).ok());
  const JobRow after = row(job);
  EXPECT_EQ(after.status, before.status);
  EXPECT_EQ(after.outputs.view(), before.outputs.view());
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(reader_->reviews(after.run)->size(), 2u);
  EXPECT_EQ(review(job, "ada", {}, {images_[0]}).error().code, ErrorCode::already_reviewed);
  ASSERT_TRUE(review(job, "grace", {images_[1]}).ok());
  EXPECT_EQ(count_actions(job, "asset.approved"), 2u);
}

// Or else one that was made since the gateway read them, and before the run was loaded again, could be made once more.
TEST_F(MessagesTest, ARunKnowsWhatWasDecidedThoughNoApprovalIsUnderWay) {
  const JobId job = drawn("min_approved: 1", 2);
  ASSERT_TRUE(review(job, "ada", {images_[0]}).ok());
  finish("publish");
  ASSERT_TRUE(review(job, "grace", {}, {images_[1]}).ok());
  BareContext bare(*reader_);
  ASSERT_TRUE(bare.workflows.load_all().ok());
  const auto seed = load_run(bare.node, job, /*recover=*/false, /*parked=*/false);
  ASSERT_TRUE(seed.ok()) << seed.error().message;
  ASSERT_EQ((*seed)->reviews.size(), 2u);
}

TEST_F(MessagesTest, AnApprovalThatNobodyAnswersExpiresOnTime) {
  const JobId job = drawn("min_approved: 1, on_expiry: approve", 2, "timeout: 7d, ");
  pass(7 * 24h - 1min, 60s);
  EXPECT_TRUE(executor_->running().empty());
  pass(1min, 250ms);
  EXPECT_THAT(executor_->running(), ElementsAre("publish"));
  finish("publish");
  EXPECT_EQ(outputs(job), ids({0, 1}));
}

TEST_F(MessagesTest, AnImageThatDoesNotExistIsNamed) {
  const JobId job = drawn("min_approved: 1", 1);
  const auto answer = review(job, "ada", {images_[0], AssetId{{5}}});
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
  ASSERT_EQ(answer.error().faults.size(), 1u);
  EXPECT_EQ(answer.error().faults[0].pointer, "/approve/1");
}

TEST_F(MessagesTest, AssetsThatAreNoneFailTheStepWithTheirPlace) {
  given_workflow("{key: bad, steps: [{name: review, type: approval, config: {assets: \"${ .inputs.assets }\"}}]}");
  SubmitJob job;
  job.inputs = Document(R"({"assets":[{"id":"no uuid"}]})");
  const JobId id = submit("bad", job);
  EXPECT_EQ(error_code(id), "invalid_config");
  EXPECT_NE(std::string(row(id).error.view()).find("config /assets/0"), std::string::npos);
}

// --- limits of steps
// ---------------------------------------------------------------------------------------------------

TEST_F(MessagesTest, SilenceEndsAnAttemptAndSignsOfLifeDoNot) {
  given_workflow(
      "{key: alive, steps: [{name: work, type: exec, heartbeat: 30s, timeout: 10m, retry: {max_attempts: 1}, "
      "config: {command: x}}]}");
  SubmitJob asked;
  asked.timeout = Millis(3'600'000);
  const JobId job = submit("alive", asked);
  for (int i = 0; i < 5; ++i) {
    pass(29s);
    ASSERT_TRUE(executor_->progress("work", 0.1 * i)) << i;
    run();
  }
  EXPECT_FALSE(has_ended(status(job)));
  pass(29s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(1s + 250ms);
  EXPECT_EQ(error_code(job), "heartbeat_timeout");
}

TEST_F(MessagesTest, SilenceCountsFromWhenTheAttemptIsLetGo) {
  given_workflow(
      "{key: alive, steps: [{name: work, type: exec, heartbeat: 10s, timeout: 10m, retry: {max_attempts: 1}, "
      "config: {command: x}}]}");
  script_.all_commits(Fate::unavailable);
  script_.next_commits({Fate::goes_through});  // it is accepted, and its start has to wait
  const JobId job = submit("alive");
  pass(30s);
  EXPECT_EQ(executor_->count_started("work"), 0u);
  script_.all_commits(Fate::goes_through);
  while (executor_->count_started("work") == 0) pass(250ms);
  pass(9s);
  EXPECT_FALSE(has_ended(status(job)));
  pass(1s + 250ms);
  EXPECT_EQ(error_code(job), "heartbeat_timeout");
}

TEST_F(MessagesTest, AWaitForAWorkerIsLimitedAlsoOverARestart) {
  given_workflow(
      "{key: patient, steps: [{name: work, type: exec, queue_timeout: 60s, retry: {max_attempts: 1}, config: {command: "
      "x}}]}");
  const Timestamp asked = clock_.now();
  std::vector<JobId> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(submit("patient"));  // four have a slot
  pass(30s);
  restart_node(4);
  run();
  while (clock_.now() + 250ms < asked + 60s) pass(250ms);
  EXPECT_FALSE(has_ended(status(jobs[4]))) << row(jobs[4]).error.view();
  pass(500ms);
  int waited = 0;
  for (const JobId& job : jobs) waited += has_ended(status(job)) && error_code(job) == "queue_timeout";
  EXPECT_EQ(waited, 1);
}

TEST_F(MessagesTest, ItemsThatFailAreShownAmongTheOthersAlsoAfterARestart) {
  given_workflow(R"(
key: each
steps:
  - {name: work, type: noop, for_each: "${ [1, 2, 3] }", on_item_failure: collect, max_parallel: 1}
  - {name: after, type: noop}
outputs: {codes: "${ [.steps.work[].error.code] }"}
)");
  const JobId job = submit("each");
  finish("work", R"({"fine":true})");
  executor_->fail("work", /*retryable=*/false);
  run();
  restart_node();
  run();
  finish("work");
  finish("after");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(outputs(job), R"({"codes":[null,"http_failed",null]})");
}

}  // namespace
}  // namespace troupe::test
