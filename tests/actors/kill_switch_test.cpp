// What each kill switch refuses, holds back and stops, and that it stays until it is released.
#include <gmock/gmock.h>

#include "actors/kill_switch_fixture.hpp"
#include "crypto/hash.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// A scope that covers `poster` of the client `shop`, and one like it that covers nothing of it.
struct Scope {
  const char* scope;
  const char* target;
  const char* other;  ///< empty: there is none
  bool refuses;
};
constexpr Scope kScopes[] = {{"global", "", "", true},
                             {"workflow", "poster", "letter", true},
                             {"client", "shop", "else", true},
                             {"pool", "default", "", false},
                             {"node", "node", "", true}};

class EveryScope : public KillSwitchTest, public ::testing::WithParamInterface<Scope> {
 protected:
  const Scope& scope() const { return GetParam(); }
  KillSwitchId engage_it(const std::string& mode) { return engage(scope().scope, scope().target, mode); }
};
INSTANTIATE_TEST_SUITE_P(Scopes, EveryScope, ::testing::ValuesIn(kScopes),
                         [](const auto& tested) { return tested.param.scope; });

// --- accepting -------------------------------------------------------------------------------------------------------

TEST_P(EveryScope, RefusesNewJobsInEveryModeUntilItIsReleased) {
  for (const char* mode : {"drain", "pause", "kill"}) {
    const KillSwitchId id = engage_it(mode);
    const auto refused = refusal("poster", "shop");
    ASSERT_EQ(refused.has_value(), scope().refuses) << mode;
    if (refused) {
      EXPECT_EQ(refused->code, ErrorCode::kill_switch_engaged);
      EXPECT_THAT(refused->message, HasSubstr(to_string(id)));
      EXPECT_THAT(refused->message, HasSubstr("(" + std::string(scope().scope)));
      EXPECT_THAT(refused->message, HasSubstr(std::string(mode) + ") is engaged: the bank is down"));
    }
    ASSERT_TRUE(release(id).ok());
    EXPECT_EQ(refusal("poster", "shop"), std::nullopt) << mode;
  }
}

TEST_P(EveryScope, LeavesAloneWhatItDoesNotCover) {
  if (std::string(scope().other).empty()) return;
  const JobId before = submit_as("poster", "shop");
  engage(scope().scope, scope().other, "kill");
  EXPECT_EQ(refusal("poster", "shop"), std::nullopt);
  EXPECT_THAT(executor_->stopped(), IsEmpty());
  EXPECT_EQ(view(before).newest.status, Status::running);
  ASSERT_TRUE(executor_->complete("draw"));
  run();
  EXPECT_THAT(executor_->running(), UnorderedElementsAre("draw", "send"));
}

TEST_P(EveryScope, RefusesRetriesAsItRefusesJobs) {
  const JobId job = submit_as("poster", "shop");
  executor_->fail("draw", /*retryable=*/false);
  run();
  const KillSwitchId id = engage_it("drain");
  if (scope().refuses) {
    EXPECT_EQ(retry(job).error().code, ErrorCode::kill_switch_engaged);
    ASSERT_TRUE(release(id).ok());
  }
  EXPECT_TRUE(retry(job).ok());
}

TEST_F(KillSwitchTest, RefusesBeforeItLooksAtTheJob) {
  engage("global", "", "drain");
  SubmitJob job;
  job.workflow_key = "there is none";
  EXPECT_EQ(try_submit(job).error().code, ErrorCode::kill_switch_engaged);
}

TEST_F(KillSwitchTest, IsRefusedWhereItsTargetIsNotThereSinceItWouldStopNothing) {
  const struct {
    const char *scope, *target, *fault;
  } rows[] = {{"workflow", "postre", "there is no workflow with this key"},
              {"pool", "gpu", "there is no such pool: the only one is \"default\""},
              {"node", "zz", "there is no such node: this one is \"node\""}};
  for (const auto& row : rows) {
    const auto engaged = try_engage(draft(row.scope, row.target, "kill"));
    ASSERT_FALSE(engaged.ok()) << row.scope;
    EXPECT_EQ(engaged.error().code, ErrorCode::validation_failed);
    EXPECT_THAT(engaged.error().faults, ElementsAre(Fault{"/target", row.fault}));
  }
  EXPECT_THAT(gateway().kill_switches({}), IsEmpty());
}

// --- starting --------------------------------------------------------------------------------------------------------

TEST_P(EveryScope, PauseLetsRunningWorkEndAndStartsNothingNew) {
  const JobId job = submit_as("poster", "shop");
  const KillSwitchId id = engage_it("pause");
  EXPECT_THAT(executor_->running(), ElementsAre("draw"));
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::nothing);
  executor_->complete("draw");
  run();
  EXPECT_THAT(executor_->running(), IsEmpty());
  const RunView held = view(job).newest;
  EXPECT_EQ(held.waiting_for, WaitingFor::kill_switch);
  EXPECT_EQ(held.steps.at(1).waiting_for, WaitingFor::kill_switch);
  EXPECT_FALSE(held.queue.has_value());
  EXPECT_EQ(held.estimated_completion, kNever) << "nobody can tell when it is released";
  pass(1h, 1min);
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(busy_slots(), 0u);

  ASSERT_TRUE(release(id).ok());
  EXPECT_NE(view(job).newest.estimated_completion, kNever);
  EXPECT_THAT(executor_->running(), ElementsAre("send"));
  executor_->complete("send");
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_THAT(executor_->started(), ElementsAre("draw", "send"));
}

TEST_P(EveryScope, DrainLetsAcceptedJobsGoOnToTheirEnd) {
  const JobId job = submit_as("poster", "shop");
  engage_it("drain");
  executor_->complete("draw");
  run();
  ASSERT_TRUE(executor_->complete("send"));
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(KillSwitchTest, WhatIsHeldDoesNotBlockTheRest) {
  start_node(1);
  const JobId held = submit("poster");
  submit("letter");
  engage("workflow", "poster", "pause");
  executor_->complete("draw");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("write")) << "and not the second step of the job before";
  EXPECT_EQ(view(held).newest.waiting_for, WaitingFor::kill_switch);
}

TEST_F(KillSwitchTest, WhatIsHeldHasNoPlaceInTheQueueAlsoBesideWhatRuns) {
  start_node(1);
  given_workflow(R"({key: both, steps: [{name: left, type: http, needs: [], config: {url: "http://left/"}},
      {name: right, type: http, needs: [], config: {url: "http://right/"}}]})");
  const JobId job = submit("both");
  ASSERT_TRUE(view(job).newest.queue.has_value());
  const KillSwitchId id = engage("workflow", "both", "pause");
  const RunView held = view(job).newest;
  EXPECT_EQ(held.waiting_for, WaitingFor::nothing);
  EXPECT_EQ(held.steps.at(1).waiting_for, WaitingFor::kill_switch);
  EXPECT_FALSE(held.queue.has_value());
  EXPECT_EQ(held.estimated_completion, kNever);
  ASSERT_TRUE(release(id).ok());
  EXPECT_TRUE(view(job).newest.queue.has_value());
  for (const char* step : {"left", "right"}) {
    ASSERT_TRUE(executor_->complete(step)) << step;
    run();
  }
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(KillSwitchTest, WhatWaitsInTheQueueWhenItIsEngagedIsHeldWhenItsTurnComes) {
  start_node(1);
  submit("letter");
  const JobId held = submit("poster");
  submit("letter");
  engage("workflow", "poster", "pause");
  executor_->complete("write");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("write"));
  EXPECT_EQ(executor_->count_started("draw"), 0u);
  ASSERT_TRUE(cancel(held).ok());
}

TEST_F(KillSwitchTest, WhatWasHeldComesBackToItsOldPlace) {
  start_node(1);
  submit("letter");
  submit("poster");
  pass(1s);
  const KillSwitchId id = engage("workflow", "poster", "pause");
  given_workflow("{key: later, timeout: 1d, steps: [{name: later, type: noop}]}");
  for (int i = 0; i < 2; ++i) submit("later");
  executor_->complete("write");
  run();
  ASSERT_THAT(executor_->running(), ElementsAre("later")) << "the held one has been passed by";
  ASSERT_TRUE(release(id).ok());
  executor_->complete("later");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("draw")) << "it has waited longer than the second of the others";
}

TEST_F(KillSwitchTest, AHeldJobCanBeCancelled) {
  const KillSwitchId id = engage("pool", "default", "pause");
  const JobId job = submit("poster");
  ASSERT_EQ(view(job).newest.waiting_for, WaitingFor::kill_switch);
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(error_code(job), "cancelled");
  ASSERT_TRUE(release(id).ok());
  EXPECT_THAT(executor_->started(), IsEmpty());
}

TEST_F(KillSwitchTest, HeldJobsDoNotCountAsAQueueThatStands) {
  engage("pool", "default", "pause");
  for (std::size_t i = 0; i < Admission::kMost + 100; ++i) ASSERT_EQ(refusal("letter"), std::nullopt) << i;
  pass(1s);
  EXPECT_EQ(refusal("letter"), std::nullopt);
}

TEST_F(KillSwitchTest, OfSeveralTheStrongestCountsAndReleasingItLeavesTheOthers) {
  const KillSwitchId pause = engage("client", "shop", "pause");
  const KillSwitchId drain = engage("global", "", "drain");
  EXPECT_THAT(refusal("letter", "shop")->message, HasSubstr(to_string(pause)));
  EXPECT_THAT(refusal("letter", "else")->message, HasSubstr(to_string(drain)));
  ASSERT_TRUE(release(pause).ok());
  EXPECT_THAT(refusal("letter", "shop")->message, HasSubstr(to_string(drain)));
}

// --- stopping --------------------------------------------------------------------------------------------------------

TEST_P(EveryScope, KillStopsRunningWorkAndEndsItsRun) {
  const JobId job = submit_as("poster", "shop");
  const KillSwitchId id = engage_it("kill");
  EXPECT_THAT(executor_->stopped(), ElementsAre("draw")) << "once";
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(error_code(job), "kill_switch_engaged");
  EXPECT_THAT(error_message(job), HasSubstr(to_string(id)));
  EXPECT_THAT(error_message(job), HasSubstr("the bank is down"));
  EXPECT_EQ(live_jobs(), 0u);
  ASSERT_TRUE(release(id).ok());
  pass(1h, 1min);
  EXPECT_THAT(executor_->started(), ElementsAre("draw"));
}

TEST_F(KillSwitchTest, KillEndsWhateverAJobOfTheWorkflowWaitsFor) {
  start_node(1);
  given_workflow("{key: far, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  given_workflow("{key: soon, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 30s}}]}");
  given_workflow("{key: trying, steps: [{name: work, type: noop, retry: {initial: 10s, jitter: none}}]}");
  executor_->fails("work", 1);
  for (const char* workflow : {"trying", "letter", "poster", "far", "soon"}) submit(workflow);
  run();
  engage("global", "", "kill");
  for (const JobId& job : jobs_) {
    EXPECT_EQ(status(job), Status::cancelled) << row(job).workflow_key;
    EXPECT_EQ(error_code(job), "kill_switch_engaged") << row(job).workflow_key;
  }
  EXPECT_EQ(live_jobs(), 0u);
  EXPECT_THAT(executor_->running(), IsEmpty());
}

TEST_F(KillSwitchTest, KillFindsParkedJobsPageByPageEvenIfTheStoreIsAwayForAWhile) {
  given_workflow("{key: far, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  for (int i = 0; i < 2 * limits::kPageMax + 3; ++i) submit(i % 100 == 0 ? "letter" : "far");
  reader_->jobs_failures = 2;
  engage("workflow", "far", "kill");
  pass(5s);
  for (const JobId& job : jobs_) {
    const bool is_far = row(job).workflow_key == "far";
    EXPECT_EQ(status(job) == Status::cancelled, is_far);
  }
}

TEST_F(KillSwitchTest, KillOfAPoolEndsWhatIsAtWorkThereAndHoldsWhatWaits) {
  start_node(1);
  const JobId at_work = submit("letter"), waits = submit("poster");
  given_workflow("{key: soon, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 30s}}]}");
  const JobId without = submit("soon");
  const KillSwitchId id = engage("pool", "default", "kill");
  EXPECT_EQ(status(at_work), Status::cancelled);
  EXPECT_EQ(view(waits).newest.waiting_for, WaitingFor::kill_switch);
  EXPECT_EQ(view(without).newest.waiting_for, WaitingFor::timer);
  ASSERT_TRUE(release(id).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("draw"));
}

TEST_F(KillSwitchTest, KillEndsARunWhoseExecutorNeverAnswers) {
  executor_->never_stops("draw");
  const JobId job = submit("poster");
  engage("workflow", "poster", "kill");
  EXPECT_FALSE(has_ended(status(job))) << "its work may still be going on";
  pass(limits::kStopDeadline);
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(busy_slots(), 1u);
  executor_->complete("draw");
  run();
  EXPECT_EQ(busy_slots(), 0u);
}

// The run hears that its task does not stop before the kill itself is durable.
TEST_F(KillSwitchTest, AnAttemptThatDoesNotStopIsShownWithItsLogThoughTheStoreIsAwayMeanwhile) {
  executor_->never_stops("write");
  const JobId job = submit("letter");
  pass(1s);
  std::vector<Fate> fates(40, Fate::unavailable);
  fates[0] = Fate::goes_through;  // of the switch
  script_.next_commits(fates);
  engage("workflow", "letter", "kill");
  pass(60s);
  ASSERT_EQ(status(job), Status::cancelled);
  executor_->stop_late("write", "at last\n");
  run();
  const std::vector<AttemptView> attempts = NodeTest::view(job).runs.back().steps.at(0).attempts;
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].worker, "worker");
  EXPECT_EQ(attempts[0].log_bytes, 8u);
}

TEST_F(KillSwitchTest, TheEndOfAKilledRunNamesWhoEngagedTheSwitch) {
  const JobId job = submit("poster");
  engage("workflow", "poster", "kill");
  JournalQuery query;
  query.chain = job.as<ChainId>();
  std::string records;
  const auto rows = reader_->journal(query);
  for (const JournalRow& row : *rows) records += row.records;
  EXPECT_THAT(records, HasSubstr(R"("action":"run.stopping","actor":"ada")"));
}

// --- undoing ---------------------------------------------------------------------------------------------------------

class KilledSagaTest : public KillSwitchTest {
 protected:
  void SetUp() override {
    given_workflow(R"(
key: saga
timeout: 1d
defaults: {timeout: 1m}
steps:
  - {name: book, type: noop, compensate: {type: noop, timeout: 1m}}
  - {name: pay, type: noop}
)");
    job_ = submit("saga");
    executor_->complete("book");
    run();
  }
  JobId job_;
};

TEST_F(KilledSagaTest, IsUndoneOnceTheSwitchIsReleased) {
  const KillSwitchId id = engage("workflow", "saga", "kill");
  EXPECT_THAT(executor_->stopped(), ElementsAre("pay"));
  EXPECT_THAT(executor_->running(), IsEmpty()) << "nothing runs, what undoes neither";
  EXPECT_FALSE(has_ended(status(job_)));
  EXPECT_EQ(view(job_).newest.waiting_for, WaitingFor::kill_switch);
  pass(1h, 1min);
  ASSERT_TRUE(release(id).ok());
  ASSERT_TRUE(executor_->complete("book"));
  run();
  EXPECT_EQ(status(job_), Status::cancelled);
  EXPECT_EQ(error_code(job_), "kill_switch_engaged");
}

TEST_F(KilledSagaTest, AnUndoingAtWorkIsStoppedAndMadeAgain) {
  ASSERT_TRUE(cancel(job_).ok());
  ASSERT_THAT(executor_->running(), ElementsAre("book"));
  const KillSwitchId id = engage("pool", "default", "kill");
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(busy_slots(), 0u);
  pass(1h, 1min);
  EXPECT_FALSE(has_ended(status(job_))) << "its time-out does not run while it is held";
  EXPECT_EQ(view(job_).newest.waiting_for, WaitingFor::kill_switch);
  ASSERT_TRUE(release(id).ok());
  ASSERT_TRUE(executor_->complete("book"));
  run();
  EXPECT_EQ(status(job_), Status::cancelled);
  EXPECT_EQ(error_code(job_), "cancelled");
  EXPECT_EQ(count_actions(job_, "compensation.completed"), 1u);
  EXPECT_EQ(count_actions(job_, "step.retrying"), 0u);
}

TEST_F(KilledSagaTest, AnUndoingThatDoesNotStopIsMadeAgainInAnotherSlot) {
  executor_->never_stops("book");
  ASSERT_TRUE(cancel(job_).ok());
  const KillSwitchId id = engage("workflow", "saga", "kill");
  pass(limits::kStopDeadline);
  EXPECT_EQ(view(job_).newest.waiting_for, WaitingFor::kill_switch);
  pass(1h, 1min);
  EXPECT_EQ(executor_->count_started("book"), 2u);
  ASSERT_TRUE(release(id).ok());
  EXPECT_EQ(executor_->count_started("book"), 3u);
  EXPECT_EQ(busy_slots(), 2u) << "the stuck one keeps its own";
  executor_->complete("book");  // the stuck one, at last: it no longer counts
  run();
  EXPECT_FALSE(has_ended(status(job_)));
  executor_->complete("book");
  run();
  EXPECT_EQ(status(job_), Status::cancelled);
  EXPECT_EQ(error_code(job_), "cancelled");
  EXPECT_EQ(count_actions(job_, "compensation.completed"), 1u);
}

TEST_F(KilledSagaTest, AnUndoingThatDoesNotStopIsMadeAgainThoughTheSwitchWasReleasedBefore) {
  executor_->never_stops("book");
  ASSERT_TRUE(cancel(job_).ok());
  ASSERT_TRUE(release(engage("workflow", "saga", "kill")).ok());
  EXPECT_EQ(executor_->count_started("book"), 2u);
  pass(limits::kStopDeadline);
  EXPECT_EQ(executor_->count_started("book"), 3u);
  executor_->complete("book");
  executor_->complete("book");
  run();
  EXPECT_EQ(status(job_), Status::cancelled);
}

// It timed out, and its executor does not stop: the switch comes after the run has ended.
TEST_F(KilledSagaTest, AnUndoingThatWasGivenUpIsNotMadeAgain) {
  given_workflow(R"(
key: stuck
timeout: 1d
steps:
  - {name: lend, type: noop, compensate: {type: noop, timeout: 1m, retry: {max_attempts: 1}}}
  - {name: wait, type: noop}
)");
  const JobId job = submit("stuck");
  executor_->complete("lend");
  run();
  executor_->never_stops("lend");
  ASSERT_TRUE(cancel(job).ok());
  pass(2min, 1s);
  ASSERT_EQ(error_code(job), "compensation_incomplete");
  ASSERT_TRUE(release(engage("workflow", "stuck", "kill")).ok());
  ASSERT_TRUE(executor_->fail_with("lend", {ErrorCode::cancelled, "stopped at last", false, {}}));
  run();
  EXPECT_EQ(executor_->count_started("lend"), 2u);
}

// --- the switches themselves -----------------------------------------------------------------------------------------

TEST_F(KillSwitchTest, AreListedNewestFirstWithWhoEngagedThemAndWhen) {
  engage("global", "", "drain");
  pass(1s);
  engage("client", "shop", "pause");
  const auto all = gateway().kill_switches({});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].target, "shop");
  EXPECT_EQ(all[0].engaged_by, "ada");
  EXPECT_EQ(all[0].reason, "the bank is down");
  EXPECT_EQ(all[0].engaged_at - all[1].engaged_at, 1s);
}

TEST_F(KillSwitchTest, LeaveRecordsInTheShardsOwnChain) {
  const KillSwitchId id = engage("client", "shop", "pause");
  ASSERT_TRUE(release(id, {.name = "bob"}).ok());
  JournalQuery query;
  query.chain = shard_chain(0);
  std::string records;
  const auto rows = reader_->journal(query);
  for (const JournalRow& row : *rows) records += row.records;
  EXPECT_THAT(records, HasSubstr(R"("action":"kill_switch.engaged","actor":"ada")"));
  EXPECT_THAT(records, HasSubstr(R"("details":{"kill_switch":")" + to_string(id) +
                                 R"(","mode":"pause","reason":"the bank is down","scope":"client","target":"shop"})"));
  EXPECT_THAT(records, HasSubstr(R"("action":"kill_switch.released","actor":"bob")"));
}

TEST_F(KillSwitchTest, AreRefusedWhenTheSameIsEngagedAlready) {
  const KillSwitchId id = engage("client", "shop", "pause");
  const auto again = try_engage(draft("client", "shop", "pause"));
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().message, HasSubstr(to_string(id)));
  EXPECT_TRUE(try_engage(draft("client", "shop", "drain")).ok());
  EXPECT_TRUE(try_engage(draft("client", "other", "pause")).ok());
  ASSERT_TRUE(release(id).ok());
  EXPECT_TRUE(try_engage(draft("client", "shop", "pause")).ok());
}

TEST_F(KillSwitchTest, AreRefusedForWhatIsWrongWithThem) {
  const auto pointer = [&](const KillSwitchDraft& wanted) {
    const auto refused = try_engage(wanted);
    return refused || refused.error().faults.empty() ? "" : refused.error().faults[0].pointer;
  };
  EXPECT_EQ(pointer(draft("global", "x", "pause")), "/target");
  EXPECT_EQ(pointer(draft("workflow", "", "pause")), "/target");
  EXPECT_EQ(pointer(draft("workflow", "postre", "pause")), "/target") << "there is no such workflow";
  EXPECT_EQ(pointer(draft("global", "", "halt")), "/mode");
  EXPECT_THAT(gateway().kill_switches({}), IsEmpty());
}

TEST_F(KillSwitchTest, ThatAreNotThereCannotBeReleased) {
  EXPECT_EQ(release(KillSwitchId{}).error().code, ErrorCode::not_found);
  const KillSwitchId id = engage("global", "", "drain");
  ASSERT_TRUE(release(id).ok());
  EXPECT_EQ(release(id).error().code, ErrorCode::not_found);
}

TEST_F(KillSwitchTest, OfACallerThatIsTiedToAClientConcernThatClientOnly) {
  const Caller shop{.name = "shop-ops", .role = Role::op, .client_id = "shop"};
  for (const auto& [scope, target] : {std::pair{"global", ""}, {"client", "else"}, {"workflow", "poster"}})
    EXPECT_EQ(try_engage(draft(scope, target, "pause"), shop).error().code, ErrorCode::forbidden) << scope;
  const KillSwitchId other = engage("global", "", "drain");
  const auto own = try_engage(draft("client", "shop", "pause"), shop);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(gateway().kill_switches(shop), (std::vector<KillSwitch>{own->kill_switch}));
  EXPECT_EQ(release(other, shop).error().code, ErrorCode::not_found);
  EXPECT_TRUE(release(own->kill_switch.id, shop).ok());
}

TEST_F(KillSwitchTest, AreEngagedOnceForAnIdempotencyKey) {
  const IdempotencyKey key{sha256("scope"), sha256("body")};
  const auto first = try_engage(draft("client", "shop", "pause"), {}, key);
  ASSERT_TRUE(first.ok() && !first->kept);
  const auto again = try_engage(draft("client", "shop", "pause"), {}, key);
  ASSERT_TRUE(again.ok() && again->kept);
  EXPECT_EQ(again->kept->status, 201);
  EXPECT_EQ(again->kept->body, to_string(first->kill_switch.id));
  EXPECT_EQ(gateway().kill_switches({}).size(), 1u);
}

TEST_F(KillSwitchTest, AreNoMoreThanTheLimit) {
  for (std::size_t i = 0; i < limits::kKillSwitches; ++i) engage("client", "c" + std::to_string(i), "drain");
  EXPECT_EQ(try_engage(draft("client", "one more", "drain")).error().code, ErrorCode::conflict);
}

TEST_F(KillSwitchTest, ThatTheStoreDoesNotTakeAreTakenBack) {
  const JobId job = submit("poster");
  executor_->complete("draw");
  script_.next_commits({Fate::goes_through, Fate::unavailable});
  run();
  ASSERT_THAT(executor_->running(), ElementsAre("send"));
  const auto refused = try_engage(draft("global", "", "kill"));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(gateway().kill_switches({}), IsEmpty());
  EXPECT_THAT(executor_->stopped(), IsEmpty()) << "what cannot be undone waits until it is durable";
  pass(10s);
  EXPECT_EQ(refusal("letter"), std::nullopt);
  executor_->complete("send");
  run();
  EXPECT_EQ(status(job), Status::success);
}

// --- restarts --------------------------------------------------------------------------------------------------------

TEST_P(EveryScope, IsStillThereAfterARestart) {
  const JobId job = submit_as("poster", "shop");
  const KillSwitchId id = engage_it("pause");
  restart_node();
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::kill_switch);
  EXPECT_EQ(gateway().kill_switches({}).at(0).engaged_by, "ada");
  EXPECT_EQ(refusal("poster", "shop").has_value(), scope().refuses);
  ASSERT_TRUE(release(id).ok());
  EXPECT_TRUE(executor_->complete("draw"));
  restart_node();
  EXPECT_THAT(gateway().kill_switches({}), IsEmpty());
  EXPECT_EQ(refusal("poster", "shop"), std::nullopt);
}

TEST_F(KillSwitchTest, KillGoesOnAfterARestartWhereItWasInterrupted) {
  given_workflow("{key: far, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  const JobId parked = submit("far"), running = submit("poster");
  ask_engage(draft("global", "", "kill"));
  run_shuffled(1, 1);
  crash_node();
  ASSERT_EQ(reader_->settings("kill_switch")->size(), 1u) << "it is durable";
  ASSERT_FALSE(has_ended(status(parked)) || has_ended(status(running)));
  start_node();
  EXPECT_EQ(status(parked), Status::cancelled);
  EXPECT_EQ(status(running), Status::cancelled);
  EXPECT_EQ(executor_->count_started("draw"), 1u);
}

TEST_F(KillSwitchTest, KillFindsParkedJobsThoughTheClockWasSetBack) {
  given_workflow("{key: far, timeout: 3d, steps: [{name: wait, type: delay, config: {duration: 1d}}]}");
  const JobId parked = submit("far");
  crash_node();
  clock_.advance(-1h);
  start_node();
  engage("workflow", "far", "kill");
  EXPECT_EQ(status(parked), Status::cancelled);
}

TEST_F(KillSwitchTest, ThatCannotBeReadKeepTheNodeFromStarting) {
  crash_node();
  reader_->settings_answer = Result<std::vector<SettingRow>>(ErrorCode::store_unavailable, "the database is away");
  EXPECT_EQ(failed_start().code, ErrorCode::store_unavailable);
  EXPECT_EQ(failed_start().message, "the kill switches cannot be read: the database is away");
  for (const char* document : {"", "{", "[]", "{}", R"({"scope":"all","mode":"pause","reason":"x"})"}) {
    reader_->settings_answer = std::vector<SettingRow>{
        {"kill_switch", "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001", Document(document), clock_.now()}};
    EXPECT_EQ(failed_start().code, ErrorCode::store_corrupt) << document;
    EXPECT_THAT(failed_start().message, HasSubstr("kill switch 019aa3f2-5c1b-7000-8a2f-3b1f64aa9001"));
  }
  reader_->settings_answer.reset();
  start_node();
}

}  // namespace
}  // namespace troupe::test
