// Steps of type `workflow`: each attempt is a job of its own, whose end is the step's, whatever happens in between.
#include <gmock/gmock.h>

#include "actors/job/run_loader.hpp"
#include "actors/kill_switch_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kChild = R"(key: child
inputs: {type: object, properties: {n: {type: integer, maximum: 100}}}
steps: [{name: work, type: noop, retry: {max_attempts: 1}}]
outputs: {n: "${ .inputs.n }", seen: "${ .steps.work }", job_id: hidden}
)";
constexpr const char* kParent = R"(key: parent
timeout: 1h
steps:
  - {name: call, type: workflow, timeout: 30m, retry: {max_attempts: 2, initial: 1s, jitter: none},
     config: {key: child, inputs: {n: "${ .inputs.n }"}}}
outputs: {call: "${ .steps.call }"}
)";

class SubWorkflowTest : public KillSwitchTest {
 protected:
  SubWorkflowTest() {
    given_workflow(kChild);
    given_workflow(kParent);
  }

  JobId submit_parent(int n = 7) {
    SubmitJob job;
    job.inputs = to_document(Json{{"n", n}});
    job.metadata = Document(R"({"order":"4711"})");
    job.user_id = "ada";
    job.priority = 9;
    job.client_id = "shop";
    return submit("parent", job);
  }
  /// All jobs of a workflow, oldest first.
  std::vector<JobRow> jobs_of(const std::string& workflow) const {
    JobQuery query;
    query.workflow_key = workflow;
    query.limit = 500;
    std::vector<JobRow> rows = *reader_->jobs(query);
    std::reverse(rows.begin(), rows.end());
    return rows;
  }
  std::vector<JobRow> children() const { return jobs_of("child"); }
  std::string error_message(const JobId& job) const {
    const Document error = row(job).error;
    return error.present() ? from_document(error).value("message", "") : "";
  }
  Json accepted_record(const JobId& job) const {
    JournalQuery query;
    query.chain = job.as<ChainId>();
    const auto rows = reader_->journal(query);
    return *parse_json(std::string_view(rows->at(0).records).substr(0, rows->at(0).records.find('\n')));
  }
};

TEST_F(SubWorkflowTest, GivesTheOutputsOfItsJobAndTheJobsId) {
  const JobId parent = submit_parent(7);
  ASSERT_THAT(children(), SizeIs(1));
  const JobRow child = children()[0];
  EXPECT_EQ(status(parent), Status::pending) << "nothing of it is committed while it waits";
  executor_->complete("work", R"({"x":1})");
  run();
  EXPECT_EQ(status(child.id), Status::success);
  EXPECT_EQ(status(parent), Status::success);
  EXPECT_EQ(from_document(row(parent).outputs)["call"],
            (Json{{"n", 7}, {"seen", {{"x", 1}}}, {"job_id", to_string(child.id)}}));
}

TEST_F(SubWorkflowTest, MakesItsJobForTheSameClientWithWhatTheParentHas) {
  const JobId parent = submit_parent();
  const JobRow child = children().at(0);
  const JobFactsPtr facts = job_facts(child, {});
  EXPECT_EQ(child.client_id, "shop");
  EXPECT_EQ(child.user_id, "ada");
  EXPECT_EQ(child.priority, 9);
  EXPECT_EQ(child.job_id, "");
  EXPECT_EQ(facts->metadata.view(), R"({"order":"4711"})");
  EXPECT_EQ(facts->inputs.view(), R"({"n":7})");
  EXPECT_EQ(facts->traceparent.substr(0, 35), job_facts(row(parent), {})->traceparent.substr(0, 35));
  ASSERT_TRUE(facts->parent.has_value());
  EXPECT_EQ(facts->parent->job, parent);
  EXPECT_EQ(facts->parent->step, "call");
  EXPECT_EQ(facts->parent->depth, 1);

  const Json record = accepted_record(child.id);
  EXPECT_EQ(record["actor"], "workflow");
  EXPECT_EQ(record["details"]["parent"], (Json{{"job_id", to_string(parent)},
                                               {"run_id", to_string(parent)},
                                               {"step", "call"},
                                               {"item", 0},
                                               {"attempt", 1}}));
  executor_->complete("work");
}

TEST_F(SubWorkflowTest, HasWhatIsLeftOfTheStepsTimeWhereTheWorkflowAllowsIt) {
  given_workflow("{key: child, timeout: 5m, steps: [{name: work, type: noop, timeout: 1h}]}");
  submit_parent();
  EXPECT_EQ(job_facts(children().at(0), {})->timeout, 5min);
  executor_->complete("work");
  run();
}

TEST_F(SubWorkflowTest, IsRetriedWhenItsTimeIsOverBeforeItsJobHasEnded) {
  given_workflow("{key: child, steps: [{name: work, type: noop, timeout: 1h}]}");
  const JobId parent = submit_parent();
  EXPECT_EQ(job_facts(children().at(0), {})->timeout, 30min + 1s);
  pass(31min, 1s);
  EXPECT_EQ(status(children().at(0).id), Status::cancelled) << "the step's time was over first";
  ASSERT_THAT(children(), SizeIs(2)) << "which is retried";
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
}

TEST_F(SubWorkflowTest, FailsWithItsJobAndIsNotRetriedWhereThatIsOfNoUse) {
  const JobId parent = submit_parent();
  const JobId child = children().at(0).id;
  executor_->fail_with("work", {ErrorCode::http_status, "answered 404", false, {}});
  run();
  EXPECT_EQ(status(parent), Status::failed);
  EXPECT_EQ(error_code(parent), "sub_workflow_failed");
  EXPECT_EQ(error_message(parent), "job " + to_string(child) + " failed: http_status: answered 404");
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(SubWorkflowTest, IsRetriedWithANewJobWhereItsErrorIs) {
  const JobId parent = submit_parent();
  executor_->fail("work", /*retryable=*/true);
  run();
  pass(2s);
  ASSERT_THAT(children(), SizeIs(2));
  EXPECT_EQ(job_facts(children()[1], {})->parent->task.attempt, 2);
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
  EXPECT_EQ(from_document(row(parent).outputs)["call"]["job_id"], to_string(children()[1].id));
}

TEST_F(SubWorkflowTest, CancelsItsJobWhenTheParentIsCancelledAndWaitsForItsEnd) {
  const JobId parent = submit_parent();
  const JobId child = children().at(0).id;
  ASSERT_TRUE(cancel(parent).ok());
  EXPECT_EQ(status(child), Status::cancelled);
  EXPECT_EQ(error_code(child), "step_stopped");
  EXPECT_EQ(error_message(child), "step call of job " + to_string(parent) + " was stopped");
  EXPECT_EQ(status(parent), Status::cancelled);
  EXPECT_EQ(error_message(parent), "not wanted any more");
}

TEST_F(SubWorkflowTest, WaitsForACancelledJobThatUndoesWhatItDidHoweverLong) {
  given_workflow(R"(key: child
steps:
  - {name: done, type: noop, compensate: {type: noop, timeout: 1h}}
  - {name: work, type: noop}
)");
  const JobId parent = submit_parent();
  executor_->complete("done");
  run();
  ASSERT_TRUE(cancel(parent).ok());
  pass(60s);
  EXPECT_EQ(status(parent), Status::pending) << "its job still undoes";
  executor_->complete("done");
  run();
  EXPECT_EQ(status(children().at(0).id), Status::cancelled);
  EXPECT_EQ(status(parent), Status::cancelled);
}

TEST_F(SubWorkflowTest, IsUndoneBeforeTheParentUndoesMoreThoughItsTimeIsOver) {
  given_workflow(R"(key: child
steps:
  - {name: done, type: noop, compensate: {type: noop, timeout: 1h}}
  - {name: work, type: noop}
)");
  given_workflow(R"(key: saga
steps:
  - {name: book, type: noop, compensate: {type: noop}}
  - {name: call, type: workflow, timeout: 5s, retry: {max_attempts: 1}, config: {key: child}}
)");
  const JobId parent = submit("saga");
  executor_->complete("book");
  run();
  executor_->complete("done");
  run();
  pass(60s);
  EXPECT_EQ(executor_->count_started("done"), 2u) << "its job undoes";
  EXPECT_EQ(executor_->count_started("book"), 1u);
  executor_->complete("done");
  run();
  EXPECT_EQ(executor_->count_started("book"), 2u);
  executor_->complete("book");
  run();
  EXPECT_EQ(status(parent), Status::failed);
}

TEST_F(SubWorkflowTest, FailsWhenSomeoneCancelsItsJob) {
  const JobId parent = submit_parent();
  const JobId child = children().at(0).id;
  ASSERT_TRUE(cancel(child).ok());
  EXPECT_EQ(status(parent), Status::failed);
  EXPECT_EQ(error_code(parent), "sub_workflow_failed");
  EXPECT_EQ(error_message(parent), "job " + to_string(child) + " was cancelled: not wanted any more");
  EXPECT_THAT(children(), SizeIs(1)) << "whoever cancelled it does not want another";
}

TEST_F(SubWorkflowTest, CancelsItsJobWhenTheParentsTimeIsOver) {
  given_workflow("{key: parent, timeout: 10s, steps: [{name: call, type: workflow, config: {key: child}}]}");
  const JobId parent = submit("parent");
  pass(11s);
  EXPECT_EQ(error_code(parent), "run_timeout");
  EXPECT_EQ(status(parent), Status::failed);
  EXPECT_EQ(status(children().at(0).id), Status::cancelled);
}

TEST_F(SubWorkflowTest, FindsItsJobAgainAfterARestart) {
  const JobId parent = submit_parent();
  restart_node();
  ASSERT_THAT(children(), SizeIs(1));
  executor_->complete("work", R"({"x":2})");
  run();
  EXPECT_EQ(status(parent), Status::success);
  EXPECT_EQ(from_document(row(parent).outputs)["call"]["seen"]["x"], 2);
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(SubWorkflowTest, FindsTheOutputsOfAJobThatEndedMeanwhile) {
  const JobId parent = submit_parent();
  // The commit of the parent's end is lost with the node, that of its job is not.
  executor_->complete("work");
  run_shuffled(3, 6);
  restart_node();
  if (!executor_->running().empty()) executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(SubWorkflowTest, FindsItsJobThoughTheWorkflowWasDisabledMeanwhile) {
  const JobId parent = submit_parent();
  gateway().set_workflow_disabled({}, "child", true, [](Result<WorkflowView>) {});
  run();
  restart_node();
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
}

TEST_F(SubWorkflowTest, IsNoPoisonHoweverOftenTheNodeRestartsWhileItsJobWaits) {
  given_workflow(
      "{key: child, timeout: 1d, steps: [{name: far, type: delay, config: {duration: 20m}}, {name: work, type: "
      "noop}]}");
  const JobId parent = submit_parent();
  for (int i = 0; i < limits::kRecoveriesMax + 3; ++i) restart_node();
  EXPECT_FALSE(has_ended(status(parent)));
  pass(21min, 1s);
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success) << error_message(parent);
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(SubWorkflowTest, FindsItsJobAgainWhenTheParentsActorBreaks) {
  const JobId parent = submit_parent();
  script_.refuse(parent);
  ASSERT_FALSE(cancel(parent).ok()) << "its commit is refused, and the actor is gone";
  script_.refuse_none();
  pass(1s);
  EXPECT_EQ(count_actions(parent, "run.recovered"), 1u);
  EXPECT_THAT(children(), SizeIs(1));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
}

TEST_F(SubWorkflowTest, IsStoppedOnlyWithItsJobThoughThatCannotBeReadAtFirst) {
  const JobId parent = submit_parent();
  reader_->jobs_called_failures = 1;
  restart_node();
  ASSERT_TRUE(cancel(parent).ok());
  EXPECT_FALSE(has_ended(status(parent))) << "nobody knows whether it has a job";
  pass(1s);
  EXPECT_EQ(status(children().at(0).id), Status::cancelled);
  EXPECT_EQ(status(parent), Status::cancelled);
}

TEST_F(SubWorkflowTest, IsStoppedWithItsJobThoughAKillSwitchHoldsItSinceARestart) {
  const JobId parent = submit_parent();
  engage("workflow", "parent", "pause");
  restart_node();
  ASSERT_TRUE(cancel(parent).ok());
  run();
  EXPECT_EQ(status(children().at(0).id), Status::cancelled);
  EXPECT_EQ(status(parent), Status::cancelled);
}

TEST_F(SubWorkflowTest, LeavesNoJobBehindThatItsParentNoLongerWantsAfterACrash) {
  const JobId parent = submit_parent();
  const JobId child = children().at(0).id;
  const auto asked = ask_cancel(parent);
  // As far as the parent's own commit, and no further.
  for (int turns = 0; turns < 200 && count_actions(parent, "run.stopping") == 0; ++turns) run_shuffled(turns, 1);
  ASSERT_EQ(count_actions(parent, "run.stopping"), 1u);
  ASSERT_EQ(count_actions(child, "run.stopping"), 0u);
  script_.all_commits(Fate::unavailable);
  crash_node();
  script_.all_commits(Fate::goes_through);
  start_node();
  EXPECT_EQ(status(parent), Status::cancelled);
  EXPECT_EQ(status(child), Status::cancelled);
  EXPECT_EQ(error_code(child), "step_stopped");
  EXPECT_EQ(error_message(child), "the step that it was for no longer waits for it");
}

TEST_F(SubWorkflowTest, GoesNoDeeperThanTheLimit) {
  given_workflow("{key: self, steps: [{name: again, type: workflow, config: {key: self}, retry: {max_attempts: 3}}]}");
  const JobId top = submit("self");
  run();
  EXPECT_THAT(jobs_of("self"), SizeIs(1 + limits::kSubWorkflowDepth));
  EXPECT_EQ(status(top), Status::failed);
  EXPECT_EQ(error_code(top), "sub_workflow_failed");
  EXPECT_EQ(error_code(jobs_of("self").back().id), "sub_workflow_too_deep");
  EXPECT_THAT(error_message(top), HasSubstr("sub_workflow_too_deep"));
}

TEST_F(SubWorkflowTest, WorksOnManyItemsAtOnce) {
  given_workflow(R"(key: parent
steps:
  - {name: call, type: workflow, for_each: "${ [range(70)] }", config: {key: child, inputs: {n: "${ .item }"}}}
outputs: {all: "${ [.steps.call[].n] }"}
)");
  start_node(100);
  const JobId parent = submit("parent");
  EXPECT_THAT(children(), SizeIs(limits::kItemsLive));
  EXPECT_THAT(executor_->running(), SizeIs(limits::kItemsLive));
  while (executor_->complete("work")) run();
  EXPECT_EQ(status(parent), Status::success) << error_message(parent);
  EXPECT_THAT(from_document(row(parent).outputs)["all"], SizeIs(70));
}

TEST_F(SubWorkflowTest, CompensatesToo) {
  given_workflow(R"(key: parent
steps:
  - {name: do, type: noop, compensate: {type: workflow, config: {key: child, inputs: {n: 3}}}}
  - {name: bad, type: noop, retry: {max_attempts: 1}}
)");
  const JobId parent = submit("parent");
  executor_->complete("do");
  run();
  executor_->fail("bad", false);
  run();
  ASSERT_THAT(children(), SizeIs(1));
  EXPECT_TRUE(job_facts(children()[0], {})->parent->task.compensation);
  restart_node();
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::failed);
  EXPECT_THAT(children(), SizeIs(1));
  EXPECT_EQ(count_actions(parent, "compensation.completed"), 1u);
}

TEST_F(SubWorkflowTest, FailsForGoodWithTheReasonWhyItsJobIsNotAccepted) {
  const struct {
    const char* config;
    const char* code;
    const char* said;
  } rows[] = {
      {"{key: nowhere}", "unknown_workflow", "there is no workflow nowhere"},
      {"{key: child, version: 9}", "unknown_workflow", "/version"},
      {"{key: child, inputs: {n: 1000}}", "validation_failed", "/inputs/n"},
      {"{key: \"${ 7 }\"}", "invalid_config", "/key"},
      {"{key: child, version: \"${ 0 }\"}", "invalid_config", "/version"},
      {"{key: child, inputs: \"${ [] }\"}", "invalid_config", "/inputs"},
      {R"({key: child, inputs: {text: '${ "x" * 1100000 }'}})", "payload_too_large", "/inputs"},
      {"{key: off}", "workflow_disabled", "off"},
  };
  given_workflow("{key: off, steps: [{name: work, type: noop}]}");
  gateway().set_workflow_disabled({}, "off", true, [](Result<WorkflowView>) {});
  run();
  for (const auto& row : rows) {
    given_workflow(std::string("{key: bad, steps: [{name: call, type: workflow, config: ") + row.config + "}]}");
    const JobId parent = submit("bad");
    run();
    EXPECT_EQ(error_code(parent), row.code) << row.config;
    EXPECT_THAT(error_message(parent), HasSubstr(row.said)) << row.config;
    EXPECT_EQ(count_actions(parent, "step.retrying"), 0u) << row.config;
  }
  EXPECT_THAT(children(), IsEmpty());
}

TEST_F(SubWorkflowTest, TriesAgainWhileItsJobIsRefusedForNow) {
  const JobId parent = submit_parent();
  executor_->fail("work", /*retryable=*/true);
  run();
  const KillSwitchId id = engage("workflow", "child", "pause");
  pass(10s);
  EXPECT_THAT(children(), SizeIs(1));
  ASSERT_TRUE(release(id).ok());
  pass(6s);
  ASSERT_THAT(children(), SizeIs(2));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(parent), Status::success);
}

TEST_F(SubWorkflowTest, IsCancelledWhileItsJobIsRefusedForNow) {
  const JobId parent = submit_parent();
  executor_->fail("work", /*retryable=*/true);
  run();
  const KillSwitchId id = engage("workflow", "child", "pause");
  pass(10s);
  ASSERT_TRUE(cancel(parent).ok());
  EXPECT_EQ(status(parent), Status::cancelled);
  ASSERT_TRUE(release(id).ok());
  pass(6s);
  EXPECT_THAT(children(), SizeIs(1));
}

TEST_F(SubWorkflowTest, ThatGivesNoObjectGivesItAsValue) {
  given_workflow("{key: child, steps: [{name: work, type: noop}], outputs: [1, 2]}");
  const JobId parent = submit_parent();
  executor_->complete("work");
  run();
  EXPECT_EQ(from_document(row(parent).outputs)["call"]["value"], (Json{1, 2}));
}

TEST_F(SubWorkflowTest, EndsOnceWhateverTheOrderInWhichTheActorsTakeTurns) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SubmitJob job;
    job.inputs = Document(R"({"n":1})");
    job.workflow_key = "parent";
    std::optional<JobId> parent;
    gateway().submit({}, {job}, render_accepted,
                     [&](std::vector<Result<AcceptedJob>> answers) { parent = answers.at(0)->id; });
    run_shuffled(seed);
    ASSERT_TRUE(parent.has_value());
    jobs_.push_back(*parent);
    const auto asked = seed % 2 ? ask_cancel(*parent) : nullptr;
    run_shuffled(seed, seed % 9);
    executor_->complete("work");
    run_shuffled(seed + 1);
    EXPECT_TRUE(has_ended(status(*parent))) << seed;
    EXPECT_THAT(executor_->running(), IsEmpty()) << seed;
  }
  EXPECT_THAT(children(), SizeIs(60));
}

}  // namespace
}  // namespace troupe::test
