#include "codec/event_codec.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

/// A run of three steps: `fetch`, `render` (for each of some items) and `publish`.
class EventRecords : public testing::Test {
 protected:
  EventRecords() {
    workflow_.steps.resize(3);
    workflow_.steps[0].name = "fetch";
    workflow_.steps[1].name = "render";
    workflow_.steps[1].for_each = ".inputs.list";
    workflow_.steps[2].name = "publish";
    before_.run.bytes.fill(1);
    before_.accepted_at = at_ - Millis(1'000);
    before_.steps.resize(3);
  }

  TaskKey task(StepIndex step, ItemIndex item = 0, AttemptNumber attempt = 1) const {
    return {before_.run, step, item, attempt, false, before_.epoch};
  }
  TaskKey undoing(StepIndex step, ItemIndex item = 0) const { return {before_.run, step, item, 1, true, 0}; }

  /// `action details`, and the duration where there is one.
  std::vector<std::string> told(const std::vector<Event>& events) const {
    std::vector<std::string> lines;
    for (const RecordDraft& record : to_records(events, before_, workflow_, outcomes_)) {
      lines.push_back(record.action + " " + canonical_json(record.details));
      if (record.duration) lines.back() += " " + std::to_string(record.duration->count()) + "ms";
    }
    return lines;
  }
  using Lines = std::vector<std::string>;

  const Timestamp at_ = *parse_rfc3339("2026-11-21T01:02:03.456Z");
  const Error late_{ErrorCode::step_timeout, "too slow", true, {}};
  WorkflowDefinition workflow_;
  RunState before_;
  std::vector<OutcomeDigest> outcomes_;
};

TEST_F(EventRecords, WhatBeginsWithTheRunIsToldInItsRecord) {
  EXPECT_EQ(
      told({RunStarted{at_, at_ + Millis(60'000)}, StepBegun{0, 1, at_}, ItemBegun{0, 0, at_}, StepSkipped{2, at_}}),
      (Lines{R"(run.started {"deadline":"2026-11-21T01:03:03.456Z","next":[{"step":"fetch"},)"
             R"({"skipped":true,"step":"publish"}],"number":1})"}));
}

TEST_F(EventRecords, ARetryNamesTheStepsWhoseResultsItReuses) {
  before_.number = 2;
  before_.steps[0].status = Status::success;
  EXPECT_EQ(told({RunStarted{at_, at_}}),
            (Lines{R"(run.started {"deadline":"2026-11-21T01:02:03.456Z","number":2,"reused":["fetch"]})"}));
}

TEST_F(EventRecords, ACompletionTellsItsOutcomeByDigestAndWhatFollows) {
  Digest digest{};
  digest.fill(0xAB);
  outcomes_.push_back({task(0), digest, 17, {{{"ordinal", 1}}}, "node-1/2"});
  EXPECT_EQ(
      told({TaskCompleted{task(0), at_, at_ - Millis(250)}, StepBegun{2, 1, at_}, ItemBegun{2, 0, at_ + Millis(500)}}),
      (Lines{R"(step.completed {"assets":[{"ordinal":1}],"attempt":1,)"
             R"("next":[{"due":"2026-11-21T01:02:03.956Z","step":"publish"}],"outputs":{"bytes":17,"sha256":")" +
             to_hex(digest) + R"("},"step":"fetch","worker":"node-1/2"} 250ms)"}));
}

TEST_F(EventRecords, ItemsThatBeginTogetherShareOneEntry) {
  EXPECT_EQ(told({TaskCompleted{task(0), at_}, StepBegun{1, 9, at_}, ItemBegun{1, 0, at_}, ItemBegun{1, 1, at_},
                  ItemBegun{1, 2, at_ + Millis(1)}}),
            (Lines{R"(step.completed {"attempt":1,"next":[{"from":0,"items":9,"step":"render","to":1},)"
                   R"({"due":"2026-11-21T01:02:03.457Z","from":2,"step":"render","to":2}],"step":"fetch"})"}));
}

TEST_F(EventRecords, TheLastItemCompletesItsStepToo) {
  before_.steps[1].status = Status::running;
  before_.steps[1].items = 2;
  before_.steps[1].done.set(0);
  before_.steps[1].started_at = at_ - Millis(700);
  EXPECT_EQ(told({TaskCompleted{task(1, 1), at_, at_ - Millis(5)}}),
            (Lines{R"(item.completed {"attempt":1,"item":1,"step":"render"} 5ms)",
                   R"(step.completed {"items":2,"step":"render"} 700ms)"}));
}

TEST_F(EventRecords, AnItemThatIsNotTheLastCompletesOnlyItself) {
  before_.steps[1].status = Status::running;
  before_.steps[1].items = 3;
  before_.steps[1].done.set(0);
  EXPECT_EQ(
      told({TaskCompleted{task(1, 1), at_}, ItemBegun{1, 2, at_}}),
      (Lines{R"(item.completed {"attempt":1,"item":1,"next":[{"from":2,"step":"render","to":2}],"step":"render"})"}));
}

TEST_F(EventRecords, BeginningsWithoutARecordBeforeThemHaveTheirOwn) {
  EXPECT_EQ(told({StepBegun{1, 0, at_}}), (Lines{R"(step.begun {"next":[{"items":0,"step":"render"}]})"}));
}

TEST_F(EventRecords, ADelayLastsSinceItsStepBegan) {
  before_.steps[0].items = 1;
  before_.steps[0].started_at = at_ - Millis(30'000);
  EXPECT_EQ(told({TaskCompleted{task(0), at_}}), (Lines{R"(step.completed {"attempt":1,"step":"fetch"} 30000ms)"}));
}

TEST_F(EventRecords, ARetryTellsTheReasonAndTheDelay) {
  EXPECT_EQ(told({TaskRetried{task(0, 0, 2), late_, at_, at_ + Millis(1'500), at_ - Millis(90)}}),
            (Lines{R"(step.retrying {"attempt":2,"due":"2026-11-21T01:02:04.956Z",)"
                   R"("error":{"code":"step_timeout","message":"too slow","retryable":true},"step":"fetch"} 90ms)"}));
}

TEST_F(EventRecords, AFailureTellsTheReasonOfEachEnd) {
  const std::string reason = R"({"code":"step_timeout","message":"too slow","retryable":true})";
  EXPECT_EQ(told({TaskFailed{task(0), late_, at_}, RunStopping{Status::failed, late_, at_},
                  TaskCancelled{task(1, 3), at_}, RunEnded{Status::failed, at_}}),
            (Lines{R"(step.failed {"attempt":1,"error":)" + reason + R"(,"step":"fetch"})",
                   R"(run.stopping {"error":)" + reason + R"(,"verdict":"failed"})",
                   R"(step.cancelled {"attempt":1,"item":3,"step":"render"})",
                   R"(run.failed {"error":)" + reason + R"(} 1000ms)"}));
}

TEST_F(EventRecords, AStepWhoseItemsEndTogetherLastsSinceTheFirstBegan) {
  before_.steps[1].status = Status::running;
  before_.steps[1].items = 2;
  EXPECT_EQ(told({TaskCompleted{task(1, 0), at_, at_ - Millis(20)}, TaskCompleted{task(1, 1), at_, at_ - Millis(70)}}),
            (Lines{R"(item.completed {"attempt":1,"item":0,"step":"render"} 20ms)",
                   R"(item.completed {"attempt":1,"item":1,"step":"render"} 70ms)",
                   R"(step.completed {"items":2,"step":"render"} 70ms)"}));
}

TEST_F(EventRecords, ATaskThatWasStoppedLastedAndARunIsHandedBack) {
  EXPECT_EQ(told({TaskCancelled{task(0), at_, at_ - Millis(40)}}),
            (Lines{R"(step.cancelled {"attempt":1,"step":"fetch"} 40ms)"}));
  EXPECT_EQ(told({RunRecovered{at_, true}}), (Lines{R"(run.recovered {"epoch":1,"handed_back":true})"}));
}

TEST_F(EventRecords, AnItemThatFailsWhileTheOthersGoOnMayEndItsStep) {
  workflow_.steps[1].item_failures = ItemFailures::collect;
  before_.steps[1].status = Status::running;
  before_.steps[1].items = 3;
  before_.steps[1].done.set(0);
  before_.steps[1].failed.set(1);
  const std::string reason = R"({"code":"step_timeout","message":"too slow","retryable":true})";
  EXPECT_EQ(told({TaskFailed{task(1, 2), late_, at_}}),
            (Lines{R"(item.failed {"attempt":1,"error":)" + reason + R"(,"item":2,"step":"render"})",
                   R"(step.completed {"failed":2,"items":3,"step":"render"})"}));
}

TEST_F(EventRecords, WhatWaitsForPeopleTellsForWhat) {
  const ApprovalState approval{2, 0, {4, 1, 2, OnExpiry::approve}, {}, {}};
  EXPECT_EQ(told({RunStarted{at_, at_ + Millis(60'000)}, StepBegun{0, 1, at_}, ItemBegun{0, 0, kNever, "paid", {}},
                  StepBegun{2, 1, at_}, ItemBegun{2, 0, at_ + Millis(500), "", approval}, RunPaused{at_}}),
            (Lines{R"(run.started {"deadline":"2026-11-21T01:03:03.456Z","next":[{"signal":"paid","step":"fetch"},)"
                   R"({"approval":{"assets":4,"min_approved":1,"min_approvers":2,"on_expiry":"approve"},)"
                   R"("due":"2026-11-21T01:02:03.956Z","step":"publish"}],"number":1})",
                   "run.paused {}"}));
}

TEST_F(EventRecords, AnApprovalTellsWhatWasDecidedBeforeItBegan) {
  ApprovalState approval{2, 0, {4, 2, 2, OnExpiry::fail}, {}, {}};
  for (const std::uint32_t image : {0u, 1u, 1u}) approval.count(image, true);
  for (const std::uint32_t image : {1u, 3u}) approval.count(image, false);
  EXPECT_EQ(
      told({TaskCompleted{task(0), at_}, StepBegun{2, 1, at_}, ItemBegun{2, 0, kNever, "", approval}}),
      (Lines{R"(step.completed {"attempt":1,"next":[{"approval":{"assets":4,"decided":[)"
             R"({"approvals":1,"asset":0},{"approvals":2,"asset":1,"rejected":true},{"asset":3,"rejected":true}],)"
             R"("min_approved":2,"min_approvers":2,"on_expiry":"fail"},"step":"publish"}],"step":"fetch"})"}));
}

TEST_F(EventRecords, WhatPeopleSayIsToldByDigest) {
  Digest digest{};
  digest.fill(0xCD);
  outcomes_.push_back({signal_place(before_.run, 3), digest, 9, {}, ""});
  outcomes_.push_back({task(0), digest, 21, {}, ""});
  const AssetId asset{{1}};
  const std::string bytes = R"(,"sha256":")" + to_hex(digest) + R"("})";
  EXPECT_EQ(told({SignalReceived{3, "paid", at_}, SignalTaken{3, task(0), at_},
                  AssetReviewed{asset, "ada", false, at_, {{2, 0, 1}}}, RunResumed{at_, at_ + Millis(1'000)}}),
            (Lines{R"(signal.received {"name":"paid","ordinal":3,"payload":{"bytes":9)" + bytes + "}",
                   R"(step.completed {"attempt":1,"outputs":{"bytes":21)" + bytes + R"(,"signal":3,"step":"fetch"})",
                   R"(asset.rejected {"asset":")" + to_string(asset) + R"(","reviewer":"ada","steps":["publish"]})",
                   R"(run.resumed {"deadline":"2026-11-21T01:02:04.456Z"})"}));
}

TEST_F(EventRecords, ADecisionAboutADoubtTellsWhatAndWhy) {
  before_.epoch = 1;
  EXPECT_EQ(told({DoubtResolved{task(1, 4), Resolution::repeat, "", at_},
                  DoubtResolved{undoing(0), Resolution::failed, "by hand", at_}}),
            (Lines{R"(attempt.resolved {"attempt":1,"decision":"repeat","epoch":1,"item":4,"step":"render"})",
                   R"(attempt.resolved {"attempt":1,"comment":"by hand","compensation":true,"decision":"failed",)"
                   R"("step":"fetch"})"}));
}

TEST_F(EventRecords, ARunThatCouldNotBeUndoneEndsWithThatError) {
  const Error incomplete{ErrorCode::compensation_incomplete, "one thing", false, {{"/steps/0/compensate", "no"}}};
  before_.error = late_;
  const auto records = to_records({RunEnded{Status::failed, at_, incomplete}}, before_, workflow_, {});
  EXPECT_EQ(records.at(0).action, "run.failed");
  EXPECT_EQ(records.at(0).details.at("error").at("code"), "compensation_incomplete");
  EXPECT_EQ(records.at(0).details.at("error").at("errors").at(0).at("pointer"), "/steps/0/compensate");
}

TEST_F(EventRecords, ARunEndsWithItsFirstError) {
  before_.error = late_;
  const auto records = to_records({RunEnded{Status::cancelled, at_}}, before_, workflow_, {});
  EXPECT_EQ(records.at(0).action, "run.cancelled");
  EXPECT_EQ(records.at(0).details.at("error").at("code"), "step_timeout");
}

TEST_F(EventRecords, AStepThatCannotBeginFailsWithoutAnAttempt) {
  EXPECT_EQ(told({StepFailed{1, {ErrorCode::expression_failed, "no list", false, {}}, at_}}),
            (Lines{R"(step.failed {"error":{"code":"expression_failed","message":"no list","retryable":false},)"
                   R"("step":"render"})"}));
}

TEST_F(EventRecords, CompensationHasActionsOfItsOwn) {
  TaskStarted started{undoing(0), "w", at_, at_ + Millis(1)};
  EXPECT_EQ(
      told({CompensationBegun{1, 4, at_}, started, TaskCompleted{undoing(1, 4), at_, at_ - Millis(3)},
            TaskRetried{undoing(0), late_, at_, at_}, TaskFailed{undoing(0), late_, at_}}),
      (Lines{R"(compensation.started {"item":4,"step":"render"})",
             R"(step.started {"attempt":1,"compensation":true,"deadline":"2026-11-21T01:02:03.457Z","step":"fetch",)"
             R"("worker":"w"})",
             R"(compensation.completed {"attempt":1,"item":4,"step":"render"} 3ms)",
             R"(step.retrying {"attempt":1,"compensation":true,"due":"2026-11-21T01:02:03.456Z",)"
             R"("error":{"code":"step_timeout","message":"too slow","retryable":true},"step":"fetch"})",
             R"(compensation.failed {"attempt":1,)"
             R"("error":{"code":"step_timeout","message":"too slow","retryable":true},"step":"fetch"})"}));
}

TEST_F(EventRecords, ATakeOverTellsTheNewEpochAndTasksTellTheirs) {
  before_.epoch = 2;
  EXPECT_EQ(told({RunRecovered{at_}, StepSkipped{2, at_}, TaskCancelled{task(0), at_}}),
            (Lines{R"(run.recovered {"epoch":3})", R"(step.skipped {"step":"publish"})",
                   R"(step.cancelled {"attempt":1,"epoch":2,"step":"fetch"})"}));
}

TEST_F(EventRecords, AOneStepJobHasTwoRecordsBesidesItsAcceptance) {
  EXPECT_EQ(told({RunStarted{at_, at_}, StepBegun{0, 1, at_}, ItemBegun{0, 0, at_}}).size(), 1u);
  EXPECT_EQ(told({TaskCompleted{task(0), at_}, RunEnded{Status::success, at_}}),
            (Lines{R"(step.completed {"attempt":1,"step":"fetch"})", R"(run.completed {} 1000ms)"}));
}

TEST_F(EventRecords, WhatBeginsOnceARunIsAdmittedStandsInThatRecord) {
  before_.concurrency_key = "\"shop\"";
  EXPECT_EQ(told({RunStarted{at_, at_}, RunHeld{at_}}).at(1), R"(run.held {"concurrency_key":"\"shop\""})");
  EXPECT_EQ(told({RunAdmitted{at_}, StepBegun{0, 1, at_}, ItemBegun{0, 0, at_}}),
            (Lines{R"(run.admitted {"next":[{"step":"fetch"}]} 1000ms)"}));
}

TEST_F(EventRecords, EveryActionIsInTheDocumentation) {
  std::ifstream file(TROUPE_DOCS "/audit.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string action : {"run.started",         "step.begun",           "step.started",
                                   "step.completed",      "item.completed",       "step.retrying",
                                   "step.failed",         "step.cancelled",       "step.skipped",
                                   "run.stopping",        "compensation.started", "compensation.completed",
                                   "compensation.failed", "item.failed",          "signal.received",
                                   "asset.approved",      "asset.rejected",       "run.paused",
                                   "run.resumed",         "run.recovered",        "run.held",
                                   "run.admitted",        "run.completed",        "run.failed",
                                   "run.cancelled",       "attempt.resolved"})
    EXPECT_NE(page.str().find("| `" + action + "` |"), std::string::npos) << action;
}

}  // namespace
}  // namespace troupe
