// A job's way through a whole node: accepted, its steps done in order, ended once, everyone told only of what is
// committed.
#include <gmock/gmock.h>

#include <algorithm>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kChain = R"(
key: chain
steps:
  - {name: first, type: noop}
  - {name: second, type: noop}
)";
constexpr const char* kDiamond = R"(
key: diamond
steps:
  - {name: top, type: noop}
  - {name: left, type: noop, needs: [top]}
  - {name: right, type: exec, needs: [top], config: {command: x}}
  - {name: bottom, type: noop, needs: [left, right]}
)";

SubmitJob called(const std::string& job_id, Digest request = {}) {
  SubmitJob job;
  job.workflow_key = "chain";
  job.job_id = job_id;
  job.request = request;
  return job;
}

SubmitJob keyed(Digest scope, Digest request) {
  SubmitJob job;
  job.workflow_key = "chain";
  job.idempotency = IdempotencyKey{scope, request};
  return job;
}

TEST_F(NodeTest, RunsAJobFromAcceptanceToItsEnd) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  EXPECT_FALSE(has_ended(status(job)));
  ASSERT_TRUE(executor_->complete("first"));
  run();
  ASSERT_TRUE(executor_->complete("second"));
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_THAT(actions(job), ElementsAre("job.accepted", "step.completed", "step.completed", "run.completed"));
}

TEST_F(NodeTest, FillsDefaultsInBeforeItChecksTheInputs) {
  given_workflow(R"(
key: sized
inputs:
  type: object
  required: [size, count]
  properties:
    count: {type: integer, default: 4}
    size: {type: object, default: {}, required: [width], properties: {width: {type: integer, default: 512}}}
steps: [{name: work, type: noop}]
)");
  EXPECT_EQ(view(submit("sized")).newest.inputs, Document(R"({"count":4,"size":{"width":512}})"));
  SubmitJob job;
  job.workflow_key = "sized";
  for (const char* inputs : {R"({"size":7})", R"({"size":[{}],"count":"x"})", "[]"}) {
    job.inputs = Document(inputs);
    const auto refused = try_submit(job);
    ASSERT_FALSE(refused.ok()) << inputs;
    EXPECT_EQ(refused.error().code, ErrorCode::validation_failed) << inputs;
  }
}

TEST_F(NodeTest, StartsAStepOnlyWhenAllItNeedsIsDone) {
  given_workflow(kDiamond);
  const JobId job = submit("diamond");
  EXPECT_THAT(executor_->running(), ElementsAre("top"));
  executor_->complete("top");
  run();
  EXPECT_THAT(executor_->running(), UnorderedElementsAre("left", "right"));
  executor_->complete("left");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("right"));
  executor_->complete("right");
  run();
  EXPECT_THAT(executor_->running(), ElementsAre("bottom"));
  executor_->complete("bottom");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, CountsAnOutcomeThatIsReportedOnceInEveryOrderOfMessages) {
  given_workflow(kDiamond);
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = submit("diamond");
    executor_->complete("top");
    run_shuffled(seed);
    executor_->complete("right");
    executor_->complete("left");
    run_shuffled(seed);
    executor_->complete("bottom");
    run_shuffled(seed);
    ASSERT_EQ(status(job), Status::success);
    ASSERT_EQ(count_actions(job, "step.completed"), 4u);
    ASSERT_EQ(times_ended(job), 1u);
  }
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(NodeTest, AnswersNobodyBeforeTheCommit) {
  given_workflow(kChain);
  script_.all_commits(Fate::unknown_lost);
  script_.acquire_fails(true);
  SubmitJob job;
  job.workflow_key = "chain";
  EXPECT_EQ(try_submit(job).error().message, "not answered");
  EXPECT_THAT(executor_->started(), IsEmpty()) << "nothing is started that is not committed";
}

TEST_F(NodeTest, BeginsTheNextStepOnlyWhenTheEndOfTheLastIsCommitted) {
  given_workflow(kChain);
  submit("chain");
  script_.all_commits(Fate::unavailable);
  executor_->complete("first");
  run();
  EXPECT_THAT(executor_->started(), ElementsAre("first"));
  script_.all_commits(Fate::goes_through);
  pass(10s);
  EXPECT_THAT(executor_->started(), ElementsAre("first", "second"));
}

TEST_F(NodeTest, LetsAStepThatLeavesTheProcessGoOnlyWhenItsStartIsCommitted) {
  given_workflow("{key: outside, steps: [{name: call, type: exec, config: {command: x}}]}");
  script_.next_commits({Fate::goes_through, Fate::unavailable});
  const JobId job = submit("outside");
  EXPECT_THAT(executor_->started(), IsEmpty());
  pass(10s);
  EXPECT_THAT(executor_->started(), ElementsAre("call"));
  EXPECT_THAT(actions(job), ElementsAre("job.accepted", "step.started"));
}

TEST_F(NodeTest, PublishesDurableEventsOnlyAfterTheirCommit) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  std::vector<std::uint64_t> seqs;
  std::uint64_t stored = 0;
  EventFilter filter;
  filter.job = job;
  const auto subscription = gateway().subscribe({}, filter, std::nullopt, [&](const LiveEventPtr& event) {
    if (event->seq == 0) return;
    seqs.push_back(event->seq);
    stored = row(job).last_seq;
    EXPECT_LE(event->seq, stored);
  });
  script_.next_commits({Fate::unavailable});
  executor_->complete("first");
  run();
  EXPECT_THAT(seqs, IsEmpty());
  pass(1s);
  EXPECT_THAT(seqs, ElementsAre(2));
  executor_->complete("second");
  run();
  EXPECT_THAT(seqs, ElementsAre(2, 3, 4));
}

TEST_F(NodeTest, ResumesEventsWithoutGapOrRepetition) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  executor_->complete("first");
  run();
  std::vector<std::uint64_t> seqs;
  EventFilter filter;
  filter.job = job;
  const auto subscription = gateway().subscribe({}, filter, 1, [&](const LiveEventPtr& event) {
    if (event->seq != 0) seqs.push_back(event->seq);
  });
  executor_->complete("second");
  run();
  EXPECT_THAT(seqs, ElementsAre(2, 3, 4));
}

TEST_F(NodeTest, MissesNoDurableEventWhenMoreComesThanCanBeHeldWhileTheJournalIsRead) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  std::vector<std::uint64_t> seqs;
  EventFilter filter;
  filter.job = job;
  reader_->while_reading_journal = [&] {
    executor_->complete("first");
    run();
    for (std::size_t i = 0; i <= limits::kEventsHeld; ++i) executor_->progress("second", 0.5);
    run();
    executor_->complete("second");
    run();
  };
  const auto subscription = gateway().subscribe({}, filter, 1, [&](const LiveEventPtr& event) {
    if (event->seq != 0) seqs.push_back(event->seq);
  });
  EXPECT_THAT(seqs, ElementsAre(2, 3, 4));
}

TEST_F(NodeTest, TellsWatchersOfProgressWhileAStepRuns) {
  given_workflow(kChain);
  submit("chain");
  std::vector<std::string> progress;
  const auto subscription = gateway().subscribe({}, {}, std::nullopt, [&](const LiveEventPtr& event) {
    if (event->kind == "progress") progress.push_back(event->data);
  });
  executor_->progress("first", 0.5);
  run();
  ASSERT_EQ(progress.size(), 1u);
  EXPECT_NE(progress[0].find("\"progress\":0.5"), std::string::npos) << progress[0];
}

TEST_F(NodeTest, AnswersAWaiterWhenItsPatienceIsOver) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  std::optional<Status> seen;
  gateway().wait({}, {job, "", {}}, 10s, [&](Result<JobView> view) { seen = view->row.status; });
  pass(9s);
  EXPECT_FALSE(seen.has_value());
  pass(2s);
  EXPECT_EQ(seen, Status::pending);
}

TEST_F(NodeTest, LetsGoOfAJobThatHasEnded) {
  given_workflow(kChain);
  submit("chain");
  EXPECT_EQ(live_jobs(), 1u);
  executor_->complete("first");
  run();
  executor_->complete("second");
  run();
  EXPECT_EQ(live_jobs(), 0u);
}

// --- the same request again ------------------------------------------------------------------------------------------

TEST_F(NodeTest, AnswersTheSameJobIdAndBodyWithTheFirstJob) {
  given_workflow(kChain);
  const auto first = try_submit(called("order-7"));
  const auto second = try_submit(called("order-7"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(second->id, first->id);
  EXPECT_EQ(second->accepted_at, first->accepted_at);
  EXPECT_TRUE(second->repeated);
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(NodeTest, RefusesTheSameJobIdWithAnotherBody) {
  given_workflow(kChain);
  ASSERT_TRUE(try_submit(called("order-7", Digest{1})).ok());
  EXPECT_EQ(try_submit(called("order-7", Digest{2})).error().code, ErrorCode::job_id_conflict);
}

TEST_F(NodeTest, AnswersARepeatedIdempotencyKeyWithTheKeptAnswer) {
  given_workflow(kChain);
  const auto first = try_submit(keyed({1}, {7}));
  ASSERT_TRUE(first.ok());
  for (int i = 0; i < 2; ++i) {
    const auto again = try_submit(keyed({1}, {7}));
    ASSERT_TRUE(again.ok() && again->kept);
    EXPECT_EQ(again->kept->body, to_string(first->id));
  }
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(NodeTest, RefusesAnIdempotencyKeyWithAnotherBody) {
  given_workflow(kChain);
  ASSERT_TRUE(try_submit(keyed({1}, {7})).ok());
  EXPECT_EQ(try_submit(keyed({1}, {8})).error().code, ErrorCode::idempotency_key_reused);
}

TEST_F(NodeTest, RefusesAnIdempotencyKeyWhoseRequestIsStillAtWork) {
  given_workflow(kChain);
  std::vector<ErrorCode> errors;
  for (int i = 0; i < 2; ++i)
    gateway().submit({}, {keyed({1}, {7})}, render_accepted, [&](std::vector<Result<AcceptedJob>> answers) {
      if (!answers.at(0)) errors.push_back(answers.at(0).error().code);
    });
  EXPECT_THAT(errors, ElementsAre(ErrorCode::idempotency_key_in_flight));
  run();
  EXPECT_THAT(errors, ElementsAre(ErrorCode::idempotency_key_in_flight));
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(NodeTest, AnswersABatchItemByItemInOrder) {
  given_workflow(kChain);
  SubmitJob unknown;
  unknown.workflow_key = "nowhere";
  std::vector<Result<AcceptedJob>> answers;
  gateway().submit({}, {called("a"), unknown, called("b"), called("a")}, render_accepted,
                   [&](std::vector<Result<AcceptedJob>> given) { answers = std::move(given); });
  run();
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_TRUE(answers[0].ok() && answers[2].ok());
  EXPECT_EQ(answers[1].error().code, ErrorCode::unknown_workflow);
  ASSERT_TRUE(answers[3].ok());
  EXPECT_TRUE(answers[3]->repeated);
  EXPECT_EQ(answers[3]->id, answers[0]->id);
}

TEST_F(NodeTest, CommitsABatchOfJobsInOneTransaction) {
  given_workflow(kChain);
  const std::size_t before = script_.written().size();
  gateway().submit({}, {called("a"), called("b"), called("c")}, render_accepted,
                   [](std::vector<Result<AcceptedJob>>) {});
  run();
  EXPECT_EQ(script_.written().at(before), 3u);
}

TEST_F(NodeTest, TakesNoNewJobsOfADisabledWorkflowAndFinishesTheOldOnes) {
  given_workflow(kChain);
  const JobId job = submit("chain");
  gateway().set_workflow_disabled({}, "chain", true, [](Result<WorkflowView>) {});
  run();
  SubmitJob more;
  more.workflow_key = "chain";
  EXPECT_EQ(try_submit(more).error().code, ErrorCode::workflow_disabled);
  executor_->complete("first");
  run();
  executor_->complete("second");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(NodeTest, FailsWhatWouldGiveARunMoreThanItsStepsMayGiveTogether) {
  given_workflow(R"({key: many, steps: [{name: book, type: noop, compensate: {type: noop}},
                                        {name: work, type: noop, for_each: '${ [range(2000)] }', max_parallel: 1}]})");
  const JobId job = submit("many");
  executor_->complete("book");
  run();
  const std::string outputs = "{\"text\":\"" + std::string(limits::kInlineDocumentBytes - 11, 'x') + "\"}";
  std::size_t items = 0;
  for (; executor_->complete("work", outputs); ++items) {
    run();
    if (items == 500) restart_node();
  }
  ASSERT_TRUE(executor_->complete("book", outputs)) << "an undoing gives the run nothing";
  run();
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "output_too_large");
  EXPECT_EQ(items, limits::kResultBytes / limits::kInlineDocumentBytes + 1);
}

TEST_F(NodeTest, ListsByTheStatusThatItShows) {
  start_node(2);
  given_workflow("{key: one, steps: [{name: work, type: noop}, {name: rest, type: noop}]}");
  std::vector<JobId> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(submit("one"));
  executor_->complete("work");  // of the first, which is written
  run();
  const auto list = [&](JobQuery query) {
    std::optional<Result<std::vector<JobView>>> answer;
    gateway().jobs({}, std::move(query), [&](auto views) { answer = std::move(views); });
    run();
    std::vector<JobId> ids;
    for (const JobView& view : answer->value()) {
      EXPECT_EQ(view.newest.status, *query.status);
      ids.push_back(view.row.id);
    }
    return ids;
  };
  const auto query = [](Status status, int limit = 100) {
    JobQuery made;
    made.status = status;
    made.limit = limit;
    return made;
  };
  const std::vector<std::string> at_work = executor_->running();
  ASSERT_EQ(at_work.size(), 2u);
  std::vector<JobId> running = list(query(Status::running)), pending = list(query(Status::pending));
  EXPECT_EQ(running.size() + pending.size(), 5u);
  EXPECT_TRUE(std::is_sorted(running.rbegin(), running.rend()));
  EXPECT_THAT(running, ::testing::Contains(jobs[0])) << "by the store";
  EXPECT_THAT(running, ::testing::Contains(jobs[1])) << "by the board";
  JobQuery page = query(Status::pending, 1);
  std::vector<JobId> paged;
  for (auto ids = list(page); !ids.empty(); ids = list(page)) {
    paged.push_back(ids.at(0));
    page.before = ids.at(0);
  }
  EXPECT_EQ(paged, pending);
  JobQuery nobody = query(Status::running);
  nobody.client_id = "nobody";
  EXPECT_TRUE(list(nobody).empty());
  RunQuery runs;
  runs.status = Status::running;
  std::optional<Result<std::vector<RunView>>> found;
  gateway().runs({}, runs, [&](auto views) { found = std::move(views); });
  run();
  EXPECT_EQ((*found)->size(), running.size());
}

}  // namespace
}  // namespace troupe::test
