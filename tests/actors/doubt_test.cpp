// People decide about attempts in doubt, on a whole node: at rest, over restarts, under kill switches.
#include <gmock/gmock.h>

#include <sstream>

#include "actors/kill_switch_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPay = R"(
key: pay
steps:
  - {name: pay, type: noop, idempotent: false, timeout: 1h}
  - {name: ship, type: noop}
outputs: {id: "${ .steps.pay.id }"}
)";

class NodeDoubtTest : public KillSwitchTest {
 protected:
  using Answer = std::shared_ptr<std::optional<Result<JobChange>>>;

  /// Without running: the answer comes when the actors run.
  Answer ask_resolve(const JobId& job, ResolveDoubt decision, std::optional<IdempotencyKey> key = {}) {
    auto answer = std::make_shared<std::optional<Result<JobChange>>>();
    Caller ada;
    ada.name = "ada";
    gateway().resolve(ada, {row(job).run, std::move(decision), key}, render_change,
                      [answer](Result<JobChange> change) { *answer = std::move(change); });
    return answer;
  }
  Result<JobChange> resolve(const JobId& job, ResolveDoubt decision, std::optional<IdempotencyKey> key = {}) {
    const Answer answer = ask_resolve(job, std::move(decision), key);
    run();
    return answer->value_or(Error{ErrorCode::internal, "no answer", false, {}});
  }
  static ResolveDoubt done(const std::string& step, const std::string& outputs = "null") {
    return {step, {}, Resolution::done, Document(outputs), {}};
  }
  static ResolveDoubt repeat(const std::string& step) { return {step, {}, Resolution::repeat, {}, {}}; }
  static ResolveDoubt failed(const std::string& step, const std::string& comment = "") {
    return {step, {}, Resolution::failed, {}, comment};
  }
  /// `pay` was under way when the process died.
  JobId in_doubt(const std::string& workflow = kPay) {
    given_workflow(workflow);
    const JobId job = submit("pay");
    restart_node();
    EXPECT_THAT(executor_->running(), IsEmpty());
    EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::approval);
    return job;
  }
  std::vector<Doubt> doubts(const JobId& job, std::size_t step = 0) { return view(job).newest.steps.at(step).in_doubt; }
  /// The first record of this action.
  Json record(const JobId& job, const std::string& action) {
    JournalQuery query;
    query.chain = job.as<ChainId>();
    const auto rows = reader_->journal(query);
    for (const JournalRow& row : *rows) {
      std::istringstream lines(row.records);
      for (std::string line; std::getline(lines, line);)
        if (Json found = *parse_json(line); found.at("action") == action) return found;
    }
    ADD_FAILURE() << "there is no record " << action;
    return {};
  }
  void finish(const std::string& step) {
    ASSERT_TRUE(executor_->complete(step)) << step;
    run();
  }
};

TEST_F(NodeDoubtTest, WhatWasDoneGaveWhatIsToldAlsoAfterARestart) {
  const JobId job = in_doubt();
  ASSERT_TRUE(resolve(job, done("pay", R"({"id":7})")).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("ship"));
  EXPECT_EQ(executor_->count_started("pay"), 1u);
  restart_node();
  finish("ship");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(row(job).outputs.view(), R"({"id":7})");
}

TEST_F(NodeDoubtTest, WhatIsToldIsSeenByWhatFollowsAtOnce) {
  const JobId job = in_doubt(
      "{key: pay, steps: [{name: pay, type: noop, idempotent: false}], outputs: {id: \"${ .steps.pay.id }\"}}");
  ASSERT_TRUE(resolve(job, done("pay", R"({"id":7})")).ok());
  EXPECT_EQ(row(job).outputs.view(), R"({"id":7})");
}

TEST_F(NodeDoubtTest, WhatIsRepeatedIsDoneOnceMore) {
  const JobId job = in_doubt();
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("pay"));
  finish("pay");
  finish("ship");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(executor_->count_started("pay"), 2u);
}

TEST_F(NodeDoubtTest, WhatIsRepeatedAndLostAgainIsInDoubtAgain) {
  const JobId job = in_doubt();
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  restart_node();
  EXPECT_THAT(executor_->running(), IsEmpty());
  ASSERT_EQ(doubts(job).size(), 1u);
  ASSERT_TRUE(resolve(job, failed("pay")).ok());
  EXPECT_EQ(error_code(job), "in_doubt");
}

TEST_F(NodeDoubtTest, WhatFailedEndsTheRunAndIsShownWithItsReason) {
  const JobId job = in_doubt();
  ASSERT_TRUE(resolve(job, failed("pay", "no such payment")).ok());
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "in_doubt");
  const auto rows = reader_->results(row(job).run);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_THAT(std::string(rows->front().error.view()), HasSubstr("no such payment"));
  EXPECT_THAT(executor_->running(), IsEmpty());
}

TEST_F(NodeDoubtTest, ARunInDoubtRestsAndItsTimeStandsStill) {
  const JobId job = in_doubt();
  const Timestamp since = clock_.now();
  EXPECT_EQ(live_jobs(), 0u);
  pass(48h, 60s);  // its time-out is five minutes
  restart_node();
  ASSERT_EQ(doubts(job).size(), 1u);
  EXPECT_EQ(doubts(job)[0].since, since);
  EXPECT_EQ(live_jobs(), 0u);
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("pay"));
  pass(301s);
  EXPECT_EQ(error_code(job), "run_timeout");
}

TEST_F(NodeDoubtTest, TheTrailAndTheStreamTellWhoDecidedWhat) {
  const JobId job = in_doubt();
  std::vector<std::string> told;
  EventFilter filter;
  filter.job = job;
  const auto subscription =
      gateway().subscribe({}, filter, std::nullopt, [&](const LiveEventPtr& event) { told.push_back(event->data); });
  ResolveDoubt decision = done("pay", "[1]");
  decision.comment = "the bank has booked it";
  ASSERT_TRUE(resolve(job, decision).ok());
  const Json resolved = record(job, "attempt.resolved");
  EXPECT_EQ(resolved.at("actor"), "ada");
  EXPECT_EQ(
      resolved.at("details"),
      (Json{
          {"attempt", 1}, {"comment", "the bank has booked it"}, {"decision", "done"}, {"epoch", 1}, {"step", "pay"}}));
  EXPECT_EQ(record(job, "step.completed").at("details").at("outputs").at("bytes"), 3);
  EXPECT_EQ(record(job, "step.completed").at("actor"), "ada");
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const std::string& data) {
                            return data.find(R"("action":"attempt.resolved")") != std::string::npos &&
                                   data.find(R"("decision":"done")") != std::string::npos;
                          }),
            1);
}

TEST_F(NodeDoubtTest, ADecisionIsDurableBeforeItIsAnswered) {
  const JobId job = in_doubt();
  script_.all_commits(Fate::unavailable);
  const Answer answer = ask_resolve(job, done("pay"));
  run();
  EXPECT_FALSE(answer->has_value());
  EXPECT_THAT(executor_->running(), IsEmpty());
  crash_node();
  script_.all_commits(Fate::goes_through);
  start_node();
  EXPECT_EQ(doubts(job).size(), 1u);
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("pay"));
}

TEST_F(NodeDoubtTest, ADoubtIsDecidedOnceAndAKeyTellsOnesOwnDecisionFromAnothers) {
  const JobId job = in_doubt();
  const IdempotencyKey key{Digest{1}, Digest{2}};
  ASSERT_TRUE(resolve(job, done("pay"), key).ok());
  const auto again = resolve(job, done("pay"), key);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->kept.has_value());
  EXPECT_EQ(resolve(job, done("pay")).error().code, ErrorCode::conflict);
  EXPECT_EQ(count_actions(job, "attempt.resolved"), 1u);
}

TEST_F(NodeDoubtTest, ADecisionIsRefusedWhereNothingIsInDoubt) {
  const JobId job = in_doubt();
  EXPECT_EQ(resolve(job, done("ship")).error().code, ErrorCode::conflict);
  EXPECT_EQ(resolve(job, done("pai")).error().code, ErrorCode::not_found);
  EXPECT_EQ(resolve(job, done("pay", '"' + std::string(40'000, 'x') + '"')).error().code, ErrorCode::payload_too_large);
  std::optional<Result<JobChange>> answer;
  const auto ask = [&](const Caller& caller, const RunId& run) {
    gateway().resolve(caller, {run, done("pay"), {}}, render_change,
                      [&](Result<JobChange> change) { answer = change; });
    this->run();
    return answer->error().code;
  };
  EXPECT_EQ(ask({}, RunId{{9}}), ErrorCode::not_found);
  Caller stranger;
  stranger.client_id = "other";
  EXPECT_EQ(ask(stranger, row(job).run), ErrorCode::not_found);
  const RunId first = row(job).run;
  ASSERT_TRUE(cancel(job).ok());
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(resolve(job, done("pay")).error().code, ErrorCode::job_finished);
  ASSERT_TRUE(retry(job).ok());
  EXPECT_EQ(ask({}, first), ErrorCode::conflict);  // the newer run is not meant
}

TEST_F(NodeDoubtTest, ItemsAreDecidedAboutOneByOne) {
  const JobId job = in_doubt(R"(
key: pay
steps: [{name: pay, type: noop, idempotent: false, for_each: "${ [1, 2, 3] }", on_item_failure: collect}]
outputs: {codes: "${ [.steps.pay[] | .error.code?] }", second: "${ .steps.pay[1] }"}
)");
  ASSERT_EQ(doubts(job).size(), 3u);
  EXPECT_EQ(resolve(job, done("pay")).error().code, ErrorCode::validation_failed);
  const auto item = [](ResolveDoubt decision, ItemIndex index) {
    decision.item = index;
    return decision;
  };
  ASSERT_TRUE(resolve(job, item(failed("pay"), 2)).ok());
  ASSERT_TRUE(resolve(job, item(done("pay", R"({"n":2})"), 1)).ok());
  ASSERT_EQ(doubts(job).size(), 1u);
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  finish("pay");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(row(job).outputs.view(), R"({"codes":[null,null,"in_doubt"],"second":{"n":2}})");
}

TEST_F(NodeDoubtTest, ADecisionIsTakenWhileAKillSwitchHoldsTheWork) {
  const JobId job = in_doubt();
  const KillSwitchId id = engage("workflow", "pay", "pause");
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::kill_switch);
  ASSERT_TRUE(release(id).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("pay"));
}

TEST_F(NodeDoubtTest, AKillSwitchThatKillsEndsWhatIsInDoubtWithoutDoingIt) {
  const JobId job = in_doubt();
  engage("workflow", "pay", "kill");
  EXPECT_EQ(status(job), Status::cancelled);
  EXPECT_EQ(resolve(job, repeat("pay")).error().code, ErrorCode::job_finished);
  EXPECT_EQ(executor_->count_started("pay"), 1u);
}

// --- undoings --------------------------------------------------------------------------------------------------------

class NodeUndoingInDoubt : public NodeDoubtTest {
 protected:
  /// `pay` was done, and is being undone: nobody knows how far that is.
  JobId being_undone() {
    given_workflow(R"(
key: pay
steps:
  - {name: pay, type: noop, idempotent: false, compensate: {type: noop, timeout: 1m}}
  - {name: ship, type: noop, retry: {max_attempts: 1}}
)");
    const JobId job = submit("pay");
    finish("pay");
    executor_->fail("ship", /*retryable=*/false);
    run();
    EXPECT_THAT(executor_->running(), ElementsAre("pay"));
    return job;
  }
};

TEST_F(NodeUndoingInDoubt, RestsUntilSomeoneDecides) {
  const JobId job = being_undone();
  restart_node();
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_EQ(live_jobs(), 0u);
  for (int i = 0; i < 2 * limits::kRecoveriesMax; ++i) restart_node();
  pass(24h, 60s);
  ASSERT_TRUE(cancel(job).ok());  // changes nothing: it is being undone already
  ASSERT_EQ(doubts(job).size(), 1u);
  EXPECT_TRUE(doubts(job)[0].compensation);
  EXPECT_EQ(view(job).newest.waiting_for, WaitingFor::approval);
  ASSERT_TRUE(resolve(job, done("pay")).ok());
  EXPECT_EQ(error_code(job), "http_failed");
  EXPECT_EQ(record(job, "attempt.resolved").at("details").at("compensation"), true);
  EXPECT_EQ(executor_->count_started("pay"), 2u);
}

TEST_F(NodeUndoingInDoubt, IsMadeAgainOrGivenUpAsSomeoneSays) {
  const JobId job = being_undone();
  restart_node();
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  EXPECT_THAT(executor_->running(), ElementsAre("pay"));
  restart_node();
  ASSERT_TRUE(resolve(job, failed("pay", "by hand")).ok());
  EXPECT_EQ(error_code(job), "compensation_incomplete");
  EXPECT_THAT(std::string(row(job).error.view()), HasSubstr("by hand"));
}

TEST_F(NodeUndoingInDoubt, IsOneThatAKillSwitchStopped) {
  const JobId job = being_undone();
  const KillSwitchId id = engage("workflow", "pay", "kill");
  EXPECT_THAT(executor_->stopped(), ElementsAre("pay"));
  ASSERT_TRUE(release(id).ok());
  EXPECT_THAT(executor_->running(), IsEmpty());
  ASSERT_EQ(doubts(job).size(), 1u);
  ASSERT_TRUE(resolve(job, repeat("pay")).ok());
  finish("pay");
  EXPECT_EQ(error_code(job), "http_failed");
}

}  // namespace
}  // namespace troupe::test
