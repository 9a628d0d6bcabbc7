// What is stored of workflows: a run keeps the definition that it began with, and one that is no longer what was
// applied, or can no longer be used, is not run.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"
#include "crypto/hash.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string two_steps(const std::string& url) {
  return "{key: two, steps: [{name: first, type: noop}, {name: second, type: http, config: {url: \"" + url + "\"}}]}";
}

class DefinitionTest : public NodeTest {
 protected:
  /// As if someone had changed the row, with a digest that fits or without.
  void edit(const std::string& from, const std::string& to, bool digest_too) {
    reader_->edit_workflow = [=](WorkflowRow& row) {
      const auto place = row.definition.find(from);
      if (place == std::string::npos) return;
      row.definition.replace(place, from.size(), to);
      if (digest_too) row.digest = sha256(row.definition);
    };
  }
  std::vector<JobView> listed() {
    std::optional<Result<std::vector<JobView>>> answer;
    gateway().jobs({}, {}, [&](Result<std::vector<JobView>> views) { answer = std::move(views); });
    run();
    if (!answer || !answer->ok()) ADD_FAILURE() << "no list";
    return answer && answer->ok() ? **answer : std::vector<JobView>();
  }
  Result<AcceptedJob> submit_two() {
    SubmitJob job;
    job.workflow_key = "two";
    return try_submit(std::move(job));
  }
};

TEST_F(DefinitionTest, ANewVersionDoesNotTouchARunThatIsUnderWayAlsoAfterARestart) {
  given_workflow(two_steps("http://one/"));
  const JobId here = submit("two"), restarted = submit("two");
  given_workflow(two_steps("http://two/"));
  executor_->complete("first");
  run();
  EXPECT_EQ(executor_->config("second"), R"({"url":"http://one/"})");
  executor_->complete("second");
  run();
  EXPECT_EQ(status(here), Status::success);
  restart_node();
  executor_->complete("first");
  run();
  EXPECT_EQ(executor_->config("second"), R"({"url":"http://one/"})");
  executor_->complete("second");
  run();
  EXPECT_EQ(status(restarted), Status::success);
  EXPECT_EQ(row(restarted).run_workflow_version, 1u);
}

TEST_F(DefinitionTest, OneThatWasChangedInTheDatabaseIsNotRun) {
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  crash_node();
  edit("http://one/", "http://evil/", /*digest_too=*/false);
  start_node();
  EXPECT_THAT(executor_->running(), IsEmpty()) << "the job is left alone";
  EXPECT_FALSE(has_ended(status(job)));
  const auto refused = submit_two();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::store_corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("workflow two version 1: its definition was changed"));
  reader_->edit_workflow = nullptr;
  restart_node();
  EXPECT_THAT(executor_->running(), ElementsAre("first")) << "as soon as the row is as it was";
}

TEST_F(DefinitionTest, AnOldVersionThatWasChangedIsNotRunEither) {
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  given_workflow(two_steps("http://two/"));
  crash_node();
  edit("http://one/", "http://evil/", /*digest_too=*/false);
  start_node();
  EXPECT_THAT(executor_->running(), IsEmpty());
  EXPECT_FALSE(has_ended(status(job)));
  EXPECT_THAT(gateway().readiness().warnings, IsEmpty()) << "new jobs are of the new one";
  EXPECT_TRUE(submit_two().ok());
}

TEST_F(DefinitionTest, OneThatCannotBeUsedAnyMoreIsLeftOutAndTheNodeStarts) {
  given_workflow("{key: one, steps: [{name: work, type: noop}]}");
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  crash_node();
  edit("\"noop\"},{", "\"wizard\"},{", /*digest_too=*/true);  // as if there had been such a step once
  start_node();
  EXPECT_TRUE(gateway().readiness().ready);
  EXPECT_THAT(gateway().readiness().warnings, ElementsAre(HasSubstr("workflow two version 1: /steps/0/type")));
  EXPECT_FALSE(has_ended(status(job)));
  EXPECT_EQ(submit_two().error().code, ErrorCode::store_corrupt);
  const auto all = listed();
  ASSERT_EQ(all.size(), 1u) << "and lists go on";
  EXPECT_EQ(all[0].newest.status, status(job));
  EXPECT_THAT(all[0].newest.message, HasSubstr("/steps/0/type"));
  executor_->ends_at_once("work");
  EXPECT_EQ(status(submit("one")), Status::success);

  given_workflow(two_steps("http://two/"));
  EXPECT_THAT(gateway().readiness().warnings, IsEmpty());
  const auto accepted = submit_two();
  ASSERT_TRUE(accepted.ok());
  EXPECT_EQ(row(accepted->id).workflow_version, 2u);
  EXPECT_THAT(executor_->running(), ElementsAre("first"));
}

TEST_F(DefinitionTest, OneThatNamesACommandThatIsNotThereIsRefusedUnlessTheServerItselfBringsIt) {
  adjust_ = [](NodeOptions& options) {
    options.gateway.has_command = [](std::string_view name) { return name == "convert"; };
  };
  restart_node();
  const std::string definition = "{key: one, steps: [{name: a, type: exec, config: {command: rm}}]}";
  std::optional<Result<AppliedWorkflow>> answer;
  const auto take = [&](Result<AppliedWorkflow> applied) { answer = std::move(applied); };
  gateway().validate_workflow(definition, take);
  run();
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().faults.at(0).pointer, "/steps/0/config/command");
  gateway().apply_workflow({}, definition, std::nullopt, {}, take);
  run();
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().faults.at(0).pointer, "/steps/0/config/command");

  Caller server;
  server.at_start = true;
  gateway().apply_workflow(server, definition, std::nullopt, {}, take);
  run();
  ASSERT_TRUE(answer->ok());
  EXPECT_THAT((*answer)->missing_commands, ElementsAre("rm"));
  restart_node();
  EXPECT_THAT(gateway().readiness().warnings, IsEmpty()) << "and it stays usable";
  submit("one");
  EXPECT_THAT(executor_->running(), ElementsAre("a"));
}

// --- old versions that are not in memory -----------------------------------------------------------------------------

/// A node that keeps no old version but those that something holds.
class OldVersionTest : public DefinitionTest {
 protected:
  OldVersionTest() {
    adjust_ = [](NodeOptions& options) { options.old_version_bytes = 0; };
    start_node();
  }
  bool is_in_memory(std::uint32_t version) { return node().context().workflows.find("two", version).entry != nullptr; }
  std::string url(const JobId& job) {
    executor_->complete("first");
    run();
    const std::string config = executor_->config("second");
    executor_->complete("second");
    run();
    EXPECT_EQ(status(job), Status::success);
    return config;
  }
};

TEST_F(OldVersionTest, IsKeptForTheRunsThatAreUnderWayWithItAndNoLonger) {
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  for (const char* other : {"http://two/", "http://three/"}) given_workflow(two_steps(other));
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_FALSE(is_in_memory(2)) << "no run is of this one";
  EXPECT_EQ(url(job), R"({"url":"http://one/"})");
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_EQ(reader_->workflow_reads, 0);
}

TEST_F(OldVersionTest, IsReadAgainForARunThatRested) {
  given_workflow(
      "{key: two, steps: [{name: wait, type: delay, config: {duration: 1h}}, {name: first, "
      "type: noop}, {name: second, type: http, config: {url: \"http://one/\"}}], timeout: 1d}");
  const JobId job = submit("two");
  ASSERT_EQ(live_jobs(), 0u);
  given_workflow(two_steps("http://two/"));
  EXPECT_FALSE(is_in_memory(1));
  pass(1h + 20s, 10s);
  EXPECT_EQ(url(job), R"({"url":"http://one/"})");
  EXPECT_GT(reader_->workflow_reads, 0);
}

TEST_F(OldVersionTest, IsReadAgainForARetryThatNamesIt) {
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  executor_->fail("first", /*retryable=*/false);
  run();
  given_workflow(two_steps("http://two/"));
  EXPECT_FALSE(is_in_memory(1));
  ASSERT_TRUE(retry(job, {}, "", 1).ok());
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_EQ(url(job), R"({"url":"http://one/"})");
  EXPECT_EQ(row(job).run_workflow_version, 1u);
}

TEST_F(OldVersionTest, IsReadAgainForEachJobThatNamesIt) {
  given_workflow(two_steps("http://one/"));
  given_workflow(two_steps("http://two/"));
  for (int reads = 1; reads <= 2; ++reads) {
    SubmitJob wanted;
    wanted.workflow_version = 1;
    const JobId job = submit("two", wanted);
    EXPECT_EQ(url(job), R"({"url":"http://one/"})");
    EXPECT_EQ(reader_->workflow_reads, reads);
  }
  SubmitJob wanted;
  wanted.workflow_key = "two";
  wanted.workflow_version = 3;
  EXPECT_EQ(try_submit(wanted).error().code, ErrorCode::unknown_workflow);
}

TEST_F(OldVersionTest, IsReadAgainForAScheduleThatNamesIt) {
  given_workflow(two_steps("http://one/"));
  given_workflow(two_steps("http://two/"));
  PutSchedule command;
  command.wanted.id = "hourly";
  command.wanted.cron = "0 * * * *";
  command.wanted.workflow_key = "two";
  command.wanted.workflow_version = 1;
  std::optional<Result<ScheduleChange>> answer;
  gateway().put_schedule(
      {}, command, [](const ScheduleChange&) { return KeptAnswer{}; },
      [&](Result<ScheduleChange> change) { answer = std::move(change); });
  run();
  ASSERT_TRUE(answer && answer->ok());
  pass(1h, 10s);
  const auto jobs = reader_->jobs({});
  ASSERT_EQ(jobs->size(), 1u);
  EXPECT_EQ(jobs->front().workflow_version, 1u);
  EXPECT_EQ(url(jobs->front().id), R"({"url":"http://one/"})");
}

TEST_F(DefinitionTest, TheTrailTellsWhichDefinitionAJobWasAcceptedFor) {
  given_workflow(two_steps("http://one/"));
  const JobId job = submit("two");
  JournalQuery query;
  query.chain = job.as<ChainId>();
  const auto rows = reader_->journal(query);
  const std::string first = rows->front().records.substr(0, rows->front().records.find('\n'));
  const auto stored = reader_->workflow("two", 1);
  EXPECT_EQ(parse_json(first)->at("details").at("definition_sha256"), to_hex((*stored)->newest.digest));
}

}  // namespace
}  // namespace troupe::test
