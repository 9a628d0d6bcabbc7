// A new run of a job that has ended.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

constexpr const char* kTwoSteps = "{key: two, steps: [{name: first, type: noop}, {name: second, type: noop}]}";

class RetryTest : public NodeTest {
 protected:
  /// A job whose first step was done, and whose second failed.
  JobId failed_job() {
    given_workflow(kTwoSteps);
    const JobId job = submit("two");
    executor_->complete("first");
    run();
    executor_->fail("second", /*retryable=*/false);
    run();
    EXPECT_EQ(status(job), Status::failed);
    return job;
  }
  void complete(const std::string& step) {
    EXPECT_TRUE(executor_->complete(step)) << step;
    run();
  }
};

TEST_F(RetryTest, BeginsAFreshRunFromTheFirstStep) {
  const JobId job = failed_job();
  const auto change = retry(job);
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_NE(change->run, job.as<RunId>());
  EXPECT_EQ(row(job).run, change->run);
  EXPECT_FALSE(has_ended(status(job)));
  complete("first");
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(times_ended(job), 2u);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(RetryTest, ReusesWhatWasDoneBeforeTheStepItBeginsFrom) {
  const JobId job = failed_job();
  ASSERT_TRUE(retry(job, "second").ok());
  EXPECT_THAT(executor_->started(), ElementsAre("first", "second", "second"));
  complete("second");
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(RetryTest, FindsWhatIsReusedByTheNameOfItsStepThoughAnotherVersionHasItElsewhere) {
  given_workflow("{key: two, steps: [{name: first, type: noop}, {name: second, type: noop}]}");
  const JobId job = submit("two");
  executor_->complete("first", R"({"x":7})");
  run();
  executor_->fail("second", /*retryable=*/false);
  run();
  given_workflow(R"({key: two, outputs: {x: "${ .steps.first.x }"}, steps: [{name: zero, type: noop},
      {name: first, type: noop, needs: []}, {name: second, type: noop, needs: [zero, first]}]})");
  ASSERT_TRUE(retry(job, "second").ok());
  complete("zero");
  restart_node();  // so that all there is of the first run is read again
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(row(job).outputs, Document(R"({"x":7})"));
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(RetryTest, ShowsWhichRunItIsOfWithWhichStepItBeganAndWhoAsked) {
  const JobId job = failed_job();
  const auto retry_as = [&](const std::string& who, std::optional<std::string> from_step) {
    RetryJob command;
    command.job = {job, "", {}};
    command.from_step = std::move(from_step);
    std::optional<Result<JobChange>> answer;
    gateway().retry({.name = who}, command, render_change,
                    [&](Result<JobChange> change) { answer = std::move(change); });
    run();
    return (*answer)->run;
  };
  const RunId second = retry_as("ada", "second");
  executor_->fail("second", /*retryable=*/false);
  run();
  const RunId third = retry_as("bob", std::nullopt);
  restart_node();
  const JobView shown = view(job);
  ASSERT_EQ(shown.runs.size(), 3u);
  const auto expect_retry = [](const RunView& of, const RunId& before, const std::string& step, const std::string& by) {
    ASSERT_TRUE(of.retry.has_value());
    EXPECT_EQ(of.retry->of, before);
    EXPECT_EQ(of.retry->from_step, step);
    EXPECT_EQ(of.retry->requested_by, by);
  };
  EXPECT_FALSE(shown.runs[0].retry.has_value());
  expect_retry(shown.runs[1], job.as<RunId>(), "second", "ada");
  expect_retry(shown.runs[2], second, "", "bob");
  for (const RunView& of : shown.runs) {
    std::optional<Result<RunView>> alone;
    gateway().run({}, of.id, [&](Result<RunView> answer) { alone = std::move(answer); });
    run();
    ASSERT_TRUE(alone && alone->ok());
    EXPECT_EQ((*alone)->retry.has_value(), of.retry.has_value());
    if (of.id == third) expect_retry(**alone, second, "", "bob");
  }
}

TEST_F(RetryTest, CanBeRepeated) {
  const JobId job = failed_job();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(retry(job, "second").ok());
    executor_->fail("second", /*retryable=*/false);
    run();
    ASSERT_EQ(status(job), Status::failed);
  }
  EXPECT_EQ(count_actions(job, "job.retried"), 3u);
}

TEST_F(RetryTest, IsRefusedWhileTheJobRuns) {
  given_workflow(kTwoSteps);
  const JobId job = submit("two");
  EXPECT_EQ(retry(job).error().code, ErrorCode::job_not_finished);
}

TEST_F(RetryTest, IsRefusedFromAStepThatDoesNotExistAndLetsGoOfTheJob) {
  const JobId job = failed_job();
  EXPECT_EQ(retry(job, "third").error().code, ErrorCode::validation_failed);
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(RetryTest, OfTwoAtOnceBeginsOneRun) {
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const JobId job = failed_job();
    const auto one = ask_retry(job), other = ask_retry(job);
    if (seed == 0)
      run();
    else
      run_shuffled(seed);
    ASSERT_TRUE(one->has_value() && other->has_value());
    EXPECT_NE((*one)->ok(), (*other)->ok());
    EXPECT_EQ(((*one)->ok() ? *other : *one)->error().code, ErrorCode::job_not_finished);
    EXPECT_EQ(count_actions(job, "job.retried"), 1u);
    complete("first");
    complete("second");
    ASSERT_EQ(status(job), Status::success);
    ASSERT_EQ(live_jobs(), 0u);
  }
}

constexpr const char* kSaying =
    R"({key: saying, inputs: {type: object, properties: {word: {type: string}}},
        steps: [{name: say, type: http, config: {url: "http://h/${ .inputs.word }"}},
                {name: wait, type: delay, config: {duration: 1h}},
                {name: again, type: http, config: {url: "http://h/${ .inputs.word }"}}], timeout: 10h})";

class RetriedInputsTest : public RetryTest {
 protected:
  /// A job of the words that it is given one after another: each run but the last fails at its first step.
  JobId job_given(const std::vector<std::string>& inputs) {
    given_workflow(kSaying);
    SubmitJob job;
    job.inputs = Document(inputs.front());
    const JobId id = submit("saying", std::move(job));
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      EXPECT_TRUE(executor_->fail("say", /*retryable=*/false));
      pass(1s);
      const auto change = retry(id, {}, inputs[i]);
      EXPECT_TRUE(change.ok()) << change.error().message;
    }
    return id;
  }
  std::string said(const std::string& step) const {
    return parse_json(executor_->config(step))->at("url").get<std::string>().substr(9);
  }
};

TEST_F(RetriedInputsTest, AreThoseOfTheRetryAndOfAllThatFollowItAlsoAfterARestart) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"b"})", ""});
  EXPECT_EQ(said("say"), "b");
  restart_node();
  EXPECT_EQ(said("say"), "b");
  complete("say");
  pass(1h + 1min, 1min);  // parked meanwhile
  EXPECT_EQ(said("again"), "b");
  complete("again");
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(RetriedInputsTest, AreKeptWhenTheJobWasLetGoOfBetweenTwoRetries) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"b"})", ""});
  executor_->fail("say", /*retryable=*/false);
  run();
  restart_node();
  ASSERT_TRUE(retry(job).ok());
  EXPECT_EQ(said("say"), "b");
}

TEST_F(RetriedInputsTest, DoNotChangeThatAStepThatIsReusedHadNoItems) {
  given_workflow(R"({key: listing, outputs: {each: "${ .steps.each }", skipped: "${ .steps.skipped }"}, steps: [
      {name: each, type: noop, for_each: "${ .inputs.list }"},
      {name: skipped, type: noop, when: "${ .inputs.all }", for_each: "${ .inputs.none }"},
      {name: last, type: noop}]})");
  SubmitJob job;
  job.inputs = Document(R"({"list":[],"none":[],"all":false})");
  const JobId id = submit("listing", std::move(job));
  executor_->fail("last", /*retryable=*/false);
  run();
  ASSERT_TRUE(retry(id, "last", R"({"list":[1,2],"none":[],"all":true})").ok());
  restart_node();
  complete("last");
  EXPECT_EQ(row(id).outputs, Document(R"({"each":[],"skipped":null})"));
}

TEST_F(RetriedInputsTest, MayBeThoseOfTheJobAgain) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"b"})", R"({"word":"a"})", ""});
  EXPECT_EQ(said("say"), "a");
  restart_node();
  EXPECT_EQ(said("say"), "a");
  EXPECT_FALSE((*reader_->run(row(job).run))->inputs.present()) << "they need not be stored twice";
}

TEST_F(RetriedInputsTest, AreShownOfEachRunAndOfTheJobAsTheNewestHasThem) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"b"})", "", R"({"word":"c"})"});
  for (int i = 0; i < 2; ++i) {
    const JobView shown = view(job);
    ASSERT_EQ(shown.runs.size(), 4u);
    EXPECT_EQ(shown.runs[0].inputs, Document(R"({"word":"a"})"));
    EXPECT_EQ(shown.runs[1].inputs, Document(R"({"word":"b"})"));
    EXPECT_EQ(shown.runs[2].inputs, Document(R"({"word":"b"})"));
    EXPECT_EQ(shown.runs[3].inputs, Document(R"({"word":"c"})"));
    EXPECT_EQ(shown.newest.inputs, Document(R"({"word":"c"})"));
    restart_node();
  }
}

TEST_F(RetriedInputsTest, GiveTheKeyOfTheRateLimitAlsoWhereTheyAreOfAnEarlierRetry) {
  given_workflow(R"({key: rated, rate_limit: {limit: 1, burst: 3, per: 1h, key: "${ .inputs.word }"},
                     steps: [{name: say, type: http, config: {url: "http://h/${ .inputs.word }"}}]})");
  SubmitJob submitted;
  submitted.inputs = Document(R"({"word":"a"})");
  const JobId job = submit("rated", std::move(submitted));
  const auto fail = [&] {
    executor_->fail("say", /*retryable=*/false);
    run();
  };
  fail();
  for (const char* inputs : {R"({"word":"b"})", "", ""}) {
    ASSERT_TRUE(retry(job, {}, inputs).ok());
    fail();
  }
  EXPECT_EQ(retry(job).error().code, ErrorCode::rate_limited) << "three were of b";
  EXPECT_TRUE(retry(job, {}, R"({"word":"a"})").ok());
}

// --- another version -------------------------------------------------------------------------------------------------

constexpr const char* kStricter =
    R"({key: saying, inputs: {type: object, required: [tone], properties: {word: {type: string, maxLength: 3},
        tone: {type: string}}},
        steps: [{name: say, type: http, config: {url: "http://h/${ .inputs.word }"}}]})";
constexpr const char* kWithDefault =
    R"({key: saying, inputs: {type: object, required: [tone], properties: {word: {type: string},
        tone: {type: string, default: low}}},
        steps: [{name: say, type: http, config: {url: "http://h/${ .inputs.word }-${ .inputs.tone }"}}]})";

TEST_F(RetriedInputsTest, ThatAreKeptAreCheckedByTheNewVersionsSchema) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"loud"})"});
  executor_->fail("say", /*retryable=*/false);
  run();
  given_workflow(kStricter);
  const auto refused = retry(job);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::validation_failed);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 2"));
  std::vector<std::string> pointers;
  for (const Fault& fault : refused.error().faults) pointers.push_back(fault.pointer);
  EXPECT_THAT(pointers, ::testing::UnorderedElementsAre("/inputs/tone", "/inputs/word"));
  EXPECT_EQ(live_jobs(), 0u);
  EXPECT_TRUE(retry(job, {}, "", /*version=*/1).ok()) << "what they were made for still takes them";
}

TEST_F(RetriedInputsTest, ThatAreKeptGetTheNewVersionsDefaultsAndKeepThem) {
  const JobId job = job_given({R"({"word":"a"})", R"({"word":"b"})"});
  executor_->fail("say", /*retryable=*/false);
  run();
  given_workflow(kWithDefault);
  ASSERT_TRUE(retry(job).ok());
  EXPECT_EQ(said("say"), "b-low");
  restart_node();
  EXPECT_EQ(said("say"), "b-low");
  EXPECT_EQ(view(job).newest.inputs, Document(R"({"tone":"low","word":"b"})"));
}

// --- undoing ---------------------------------------------------------------------------------------------------------

std::string booking(const std::string& undo = "http://h/${ .item }", const std::string& list = ".inputs.seats") {
  return R"({key: booking, inputs: {type: object, properties: {seats: {type: array}, card: {type: number}}},
      steps: [{name: reserve, type: http, for_each: "${ )" +
         list + R"( }", config: {url: "http://h/${ .item }"},
               compensate: {type: http, config: {url: ")" +
         undo + R"("}}},
              {name: pay, type: http, config: {url: "http://h/pay"}}]})";
}

class ReusedStepTest : public RetryTest {
 protected:
  /// A job that has reserved A and B, and paid.
  JobId booked_job() {
    given_workflow(booking());
    SubmitJob job;
    job.inputs = Document(R"({"seats":["A","B"],"card":1})");
    const JobId id = submit("booking", std::move(job));
    complete("reserve");
    complete("reserve");
    complete("pay");
    EXPECT_EQ(status(id), Status::success);
    return id;
  }
  void expect_refused(const Result<JobChange>& change, const std::string& pointer, const std::string& said) {
    ASSERT_FALSE(change.ok());
    EXPECT_EQ(change.error().code, ErrorCode::validation_failed);
    ASSERT_EQ(change.error().faults.size(), 1u);
    EXPECT_EQ(change.error().faults[0].pointer, pointer);
    EXPECT_THAT(change.error().faults[0].message, ::testing::HasSubstr(said));
    EXPECT_EQ(live_jobs(), 0u);
  }
};

TEST_F(ReusedStepTest, ThatCanBeUndoneRefusesOtherInputs) {
  const JobId job = booked_job();
  expect_refused(retry(job, "pay", R"({"seats":["C"]})"), "/inputs", "\"reserve\"");
  EXPECT_EQ(count_actions(job, "job.retried"), 0u);
}

TEST_F(ReusedStepTest, IsUndoneAsItWasDoneWhereTheInputsAreTheSameHoweverWritten) {
  const JobId job = booked_job();
  ASSERT_TRUE(retry(job, "pay", R"({ "seats": ["A", "B"], "card": 1.0 })").ok());
  executor_->fail("pay", /*retryable=*/false);
  run();
  EXPECT_EQ(executor_->config("reserve"), R"({"url":"http://h/B"})");
  complete("reserve");
  EXPECT_EQ(executor_->config("reserve"), R"({"url":"http://h/A"})");
  complete("reserve");
  EXPECT_EQ(status(job), Status::failed);
}

TEST_F(ReusedStepTest, MayHaveOtherInputsWhereItIsDoneAgain) {
  const JobId job = booked_job();
  ASSERT_TRUE(retry(job, "reserve", R"({"seats":["C"]})").ok());
  EXPECT_EQ(executor_->config("reserve"), R"({"url":"http://h/C"})");
}

TEST_F(ReusedStepTest, RefusesAVersionThatUndoesItInAnotherWay) {
  const JobId job = booked_job();
  given_workflow(booking("http://other/${ .item }"));
  expect_refused(retry(job, "pay"), "/workflow_version", "\"reserve\"");
  given_workflow(booking("http://h/${ .item }", ".inputs.seats[1:]"));
  expect_refused(retry(job, "pay"), "/workflow_version", "version 3");
  EXPECT_TRUE(retry(job, "pay", "", /*version=*/1).ok());
}

TEST_F(ReusedStepTest, MayBeOfAnotherVersionThatUndoesItLikewise) {
  const JobId job = booked_job();
  std::string changed = booking();
  changed.replace(changed.find("/pay"), 4, "/buy");
  given_workflow(changed);
  ASSERT_TRUE(retry(job, "pay").ok());
  EXPECT_EQ(executor_->config("pay"), R"({"url":"http://h/buy"})");
}

TEST_F(RetryTest, IsRefusedWhenAnotherHasBegunAndEndedMeanwhile) {
  const JobId job = failed_job();
  executor_->ends_at_once("first");
  executor_->ends_at_once("second");
  given_workflow("{key: two, steps: [{name: first, type: noop}]}");
  restart_node();  // so that version 1 has to be read: between looking at the job and asking it
  bool meanwhile = false;
  reader_->edit_workflow = [&](WorkflowRow&) {
    if (std::exchange(meanwhile, true)) return;
    EXPECT_TRUE(retry(job).ok());
  };
  EXPECT_EQ(retry(job, {}, "", /*version=*/1).error().code, ErrorCode::conflict) << "it was judged by the run before";
  EXPECT_EQ(count_actions(job, "job.retried"), 1u);
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(live_jobs(), 0u);
  reader_->edit_workflow = nullptr;
}

TEST_F(RetryTest, IsNoneOfTheRunsThatAreShownWhereItBeganWhileTheJobWasRead) {
  const JobId job = failed_job();
  ASSERT_TRUE(retry(job, "second").ok());
  executor_->fail("second", /*retryable=*/false);
  run();
  executor_->ends_at_once("first");
  executor_->ends_at_once("second");
  given_workflow("{key: two, steps: [{name: first, type: noop}]}");
  restart_node();  // so that version 1 has to be read, in the midst of reading the job
  bool meanwhile = false;
  reader_->edit_workflow = [&](WorkflowRow&) {
    if (std::exchange(meanwhile, true)) return;
    EXPECT_TRUE(retry(job).ok());
  };
  const JobView shown = view(job);
  reader_->edit_workflow = nullptr;
  ASSERT_TRUE(meanwhile);
  ASSERT_EQ(shown.runs.size(), 2u);
  EXPECT_EQ(shown.runs[0].number, 1u);
  EXPECT_EQ(shown.runs[1].number, 2u);
}

TEST_F(RetryTest, IsShownAfterTheRunsBeforeThoughTheClockWasSetBackMeanwhile) {
  const JobId job = failed_job();
  crash_node();
  clock_.advance(-1h);
  start_node();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(retry(job, "second").ok());
    executor_->fail("second", /*retryable=*/false);
    run();
  }
  const JobView shown = view(job);
  ASSERT_EQ(shown.runs.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(shown.runs[i].number, i + 1);
}

TEST_F(RetryTest, SurvivesACrash) {
  const JobId job = failed_job();
  ASSERT_TRUE(retry(job, "second").ok());
  restart_node();
  complete("second");
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(executor_->count_started("first"), 1u);
}

TEST_F(RetryTest, WaitsForTheStoreWhenItIsAway) {
  const JobId job = failed_job();
  const auto answer = ask_retry(job);
  script_.next_commits({Fate::unavailable});
  run();
  EXPECT_FALSE(answer->has_value());
  pass(1s);
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE((*answer)->ok());
  EXPECT_EQ(count_actions(job, "job.retried"), 1u);
}

}  // namespace
}  // namespace troupe::test
