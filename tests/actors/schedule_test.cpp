// Schedules on a whole node, in virtual time. The clock begins at 2027-01-15 08:00 UTC.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ScheduleTest : public NodeTest {
 protected:
  ScheduleTest() { given_workflow("{key: tidy, steps: [{name: work, type: noop}]}"); }

  static PutSchedule wanted(const std::string& cron, MissedRuns missed_runs = MissedRuns::skip) {
    PutSchedule command;
    command.wanted.id = "s";
    command.wanted.workflow_key = "tidy";
    command.wanted.cron = cron;
    command.wanted.missed_runs = missed_runs;
    return command;
  }
  Result<ScheduleChange> put(PutSchedule command, const Caller& caller = {}) {
    Result<ScheduleChange> answer{ErrorCode::internal, "not answered"};
    gateway().put_schedule(
        caller, std::move(command),
        [](const ScheduleChange&) {
          return KeptAnswer{201, "kept"};
        },
        [&](Result<ScheduleChange> change) { answer = std::move(change); });
    run();
    return answer;
  }
  void given_schedule(const std::string& cron, MissedRuns missed_runs = MissedRuns::skip) {
    const auto made = put(wanted(cron, missed_runs));
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_TRUE(made->created);
  }
  Result<ScheduleView> view(const std::string& id = "s", const Caller& caller = {}) {
    Result<ScheduleView> answer{ErrorCode::internal, "not answered"};
    gateway().schedule(caller, id, [&](Result<ScheduleView> view) { answer = std::move(view); });
    run();
    return answer;
  }
  Result<ScheduleView> enable(bool enabled, const Caller& caller = {}) {
    Result<ScheduleView> answer{ErrorCode::internal, "not answered"};
    gateway().set_schedule_enabled(caller, "s", enabled, [&](Result<ScheduleView> view) { answer = std::move(view); });
    run();
    return answer;
  }
  std::shared_ptr<std::optional<Result<Done>>> ask_remove() {
    auto answer = std::make_shared<std::optional<Result<Done>>>();
    gateway().delete_schedule({}, "s", [answer](Result<Done> done) { *answer = std::move(done); });
    return answer;
  }
  void set_disabled(bool disabled) {
    gateway().set_workflow_disabled({}, "tidy", disabled, [](const Result<WorkflowView>&) {});
    run();
  }

  /// The jobs that schedules began, in order: `08:05` of their metadata.scheduled_at.
  std::vector<std::string> fired() const {
    std::vector<std::string> times;
    JobQuery query;
    query.limit = limits::kPageMax;
    const auto rows = reader_->jobs(query);
    for (const JobRow& row : *rows) {
      const Json metadata = from_document(row.spec).at("metadata");
      EXPECT_EQ(metadata.value("schedule_id", ""), "s");
      times.push_back(metadata.value("scheduled_at", "").substr(11, 5));
    }
    std::reverse(times.begin(), times.end());
    return times;
  }
  std::string next_at() {
    const auto shown = view();
    return !shown                              ? "none"
           : shown->schedule.next_at == kNever ? "never"
                                               : format_rfc3339(shown->schedule.next_at).substr(11, 5);
  }
  /// The records about schedules, as `action details`.
  std::vector<std::string> trail() const {
    std::vector<std::string> lines;
    JournalQuery query;
    query.chain = shard_chain(0);
    const auto rows = reader_->journal(query);
    for (const JournalRow& row : *rows) {
      std::istringstream records(row.records);
      for (std::string line; std::getline(records, line);) {
        const Json record = *parse_json(line);
        const std::string action = record.at("action");
        if (action.starts_with("schedule.")) lines.push_back(action + " " + to_text(record.at("details")));
      }
    }
    return lines;
  }
  std::size_t count_skipped() const {
    const auto lines = trail();
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("schedule.skipped"); }));
  }
  /// The machine sleeps: its clock goes on, its timers do not.
  void sleep(Millis time) { clock_.advance(time); }
};

// --- firing ----------------------------------------------------------------------------------------------------------

TEST_F(ScheduleTest, BeginsAJobAtEachOfItsTimes) {
  given_schedule("*/5 * * * *");
  EXPECT_EQ(next_at(), "08:05");
  pass(299s);
  EXPECT_THAT(fired(), IsEmpty());
  pass(2s);
  EXPECT_THAT(fired(), ElementsAre("08:05"));
  EXPECT_EQ(next_at(), "08:10");
  pass(10min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:05", "08:10", "08:15"));
  EXPECT_EQ(count_skipped(), 0u);
}

TEST_F(ScheduleTest, BeginsItWithinAQuarterOfASecond) {
  given_schedule("*/5 * * * *");
  pass(301s, 50ms);
  const auto rows = reader_->jobs({});
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_LE(rows->front().created_at - *parse_rfc3339("2027-01-15T08:05:00Z"), 250ms);
}

TEST_F(ScheduleTest, TheJobIsWhatTheScheduleWantsAndKnowsItsTime) {
  given_workflow("{key: told, steps: [{name: work, type: noop}], outputs: \"${ .metadata.scheduled_at }\"}");
  executor_->ends_at_once("work");
  PutSchedule command = wanted("0 9 * * *");
  command.wanted.workflow_key = "told";
  command.wanted.client_id = "shop";
  command.wanted.priority = 9;
  command.wanted.timeout = 42s;
  command.wanted.inputs = Document(R"({"n":1})");
  command.wanted.metadata = Document(R"({"user_id":"ada","team":"x"})");
  ASSERT_TRUE(put(command).ok());
  pass(61min, 1s);
  const auto rows = reader_->jobs({});
  ASSERT_EQ(rows->size(), 1u);
  const JobRow& job = rows->front();
  EXPECT_EQ(job.client_id, "shop");
  EXPECT_EQ(job.user_id, "ada");
  EXPECT_EQ(job.priority, 9);
  EXPECT_EQ(job.status, Status::success);
  EXPECT_EQ(job.outputs.view(), R"("2027-01-15T09:00:00.000Z")");
  const Json spec = from_document(job.spec);
  EXPECT_EQ(spec.at("timeout_seconds"), 42);
  EXPECT_EQ(spec.at("inputs").at("n"), 1);
  EXPECT_EQ(spec.at("metadata").at("team"), "x");
  const auto shown = view();
  EXPECT_EQ(shown->schedule.last_job, job.id);
  EXPECT_EQ(format_rfc3339(shown->schedule.last_at), "2027-01-15T09:00:00.000Z");
}

TEST_F(ScheduleTest, BeginsTheNextJobThoughTheLastOneRuns) {
  given_schedule("* * * * *");
  pass(3min + 2s, 1s);
  EXPECT_EQ(executor_->running().size(), 3u);
}

TEST_F(ScheduleTest, AWorkflowThatNeedsJqIsBegunToo) {
  given_workflow("{key: slow, steps: [{name: work, type: noop, when: \"${ [1,2] | length == 2 }\"}]}");
  PutSchedule command = wanted("* * * * *");
  command.wanted.workflow_key = "slow";
  ASSERT_TRUE(put(command).ok());
  pass(61s);
  EXPECT_THAT(fired(), ElementsAre("08:01"));
}

TEST_F(ScheduleTest, AllThatAreDueTogetherAreBegun) {
  for (int i = 0; i < 200; ++i) {
    PutSchedule command = wanted("1 8 * * *");
    command.wanted.id = "s" + std::to_string(i);
    ASSERT_TRUE(put(command).ok());
  }
  pass(62s);
  EXPECT_EQ(executor_->running().size() + live_jobs(), 204u) << "four slots, two hundred jobs";
}

// --- what was missed -------------------------------------------------------------------------------------------------

struct MissedCase {
  const char* name;
  MissedRuns policy;
  std::vector<std::string> fired;
  std::size_t skipped;

  friend std::ostream& operator<<(std::ostream& out, const MissedCase& row) { return out << row.name; }
};

class MissedTest : public ScheduleTest, public ::testing::WithParamInterface<MissedCase> {};

TEST_P(MissedTest, IsDoneByThePolicyAfterARestart) {
  given_schedule("*/10 * * * *", GetParam().policy);
  crash_node();
  clock_.advance(35min);
  start_node();
  pass(2s);
  EXPECT_EQ(fired(), GetParam().fired);
  EXPECT_EQ(count_skipped(), GetParam().skipped);
  EXPECT_EQ(next_at(), "08:40");
  pass(5min, 1s);
  EXPECT_EQ(fired().back(), "08:40");
}

TEST_P(MissedTest, IsDoneByThePolicyAfterTheMachineSlept) {
  given_schedule("*/10 * * * *", GetParam().policy);
  sleep(35min);
  pass(1s);
  EXPECT_EQ(fired(), GetParam().fired);
  EXPECT_EQ(count_skipped(), GetParam().skipped);
  EXPECT_EQ(next_at(), "08:40");
}

TEST_P(MissedTest, IsNotDoneTwiceByAnotherRestart) {
  given_schedule("*/10 * * * *", GetParam().policy);
  crash_node();
  clock_.advance(35min);
  start_node();
  pass(2s);
  restart_node();
  pass(2s);
  EXPECT_EQ(fired(), GetParam().fired);
}

INSTANTIATE_TEST_SUITE_P(Policies, MissedTest,
                         ::testing::Values(MissedCase{"skip", MissedRuns::skip, {}, 1},
                                           MissedCase{"once", MissedRuns::once, {"08:30"}, 1},
                                           MissedCase{"all", MissedRuns::all, {"08:10", "08:20", "08:30"}, 0}),
                         [](const auto& missed) { return missed.param.name; });

TEST_F(ScheduleTest, ATimeThatComesAfterARestartIsNotMissed) {
  given_schedule("*/10 * * * *");
  pass(5min, 1s);
  restart_node();
  pass(5min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10"));
  EXPECT_EQ(count_skipped(), 0u);
}

TEST_F(ScheduleTest, TheTrailTellsWhichTimesWereMissed) {
  given_schedule("*/10 * * * *");
  crash_node();
  clock_.advance(35min);
  start_node();
  pass(1s);
  EXPECT_EQ(trail().back(), R"(schedule.skipped {"reason":"missed","schedule":"s",)"
                            R"("scheduled_at":"2027-01-15T08:10:00.000Z","until":"2027-01-15T08:30:00.000Z"})");
}

TEST_F(ScheduleTest, OfTooManyMissedTimesTheOldestAreDropped) {
  given_schedule("* * * * *", MissedRuns::all);
  crash_node();
  clock_.advance(200min);
  start_node();
  pass(1s);
  EXPECT_EQ(fired().size(), kMissedRuns);
  EXPECT_EQ(fired().front(), "09:41");
  EXPECT_EQ(fired().back(), "11:20");
  EXPECT_THAT(trail().back(), HasSubstr(R"("scheduled_at":"2027-01-15T08:01:00.000Z","until":"2027-01-15T09:40)"));
}

TEST_F(ScheduleTest, NothingOfTheTimeWhileItWasDisabledIsMadeUpFor) {
  given_schedule("*/10 * * * *", MissedRuns::all);
  ASSERT_TRUE(enable(false).ok());
  EXPECT_EQ(next_at(), "never");
  pass(35min, 1s);
  restart_node();
  ASSERT_TRUE(enable(true).ok());
  EXPECT_EQ(next_at(), "08:40");
  pass(5min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:40"));
}

TEST_F(ScheduleTest, AClockThatIsSetBackFiresNothingTwice) {
  given_schedule("*/10 * * * *", MissedRuns::all);
  pass(20min + 1s, 1s);
  crash_node();
  clock_.advance(-15min);
  start_node();
  pass(15min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10", "08:20"));
  pass(10min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10", "08:20", "08:30"));
}

// --- when it cannot be -----------------------------------------------------------------------------------------------

TEST_F(ScheduleTest, ARefusalIsRecordedAndNotTriedAgain) {
  given_schedule("*/10 * * * *", MissedRuns::all);
  set_disabled(true);
  pass(601s, 1s);
  EXPECT_THAT(fired(), IsEmpty());
  EXPECT_THAT(trail().back(), HasSubstr(R"("error":{"code":"workflow_disabled",)"));
  EXPECT_THAT(trail().back(),
              HasSubstr(R"("reason":"refused","schedule":"s","scheduled_at":"2027-01-15T08:10:00.000Z"})"));
  const auto refused = view();
  ASSERT_TRUE(refused->schedule.last_fault.has_value());
  EXPECT_EQ(refused->schedule.last_fault->code, "workflow_disabled");
  EXPECT_EQ(format_rfc3339(refused->schedule.last_fault->at), "2027-01-15T08:10:00.000Z");
  EXPECT_EQ(next_at(), "08:20");
  set_disabled(false);
  pass(60s, 1s);
  EXPECT_THAT(fired(), IsEmpty()) << "what was refused is over";
  restart_node();
  pass(10min, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:20"));
  EXPECT_FALSE(view()->schedule.last_fault.has_value());
}

TEST_F(ScheduleTest, EveryTimeIsCountedByWhatWasDone) {
  given_schedule("*/10 * * * *");
  pass(601s, 1s);
  set_disabled(true);
  pass(10min, 1s);
  set_disabled(false);
  crash_node();
  clock_.advance(25min);
  start_node();
  pass(1s);
  EXPECT_THAT(metrics_.schedules["begun"], ElementsAre(0s));
  EXPECT_THAT(metrics_.schedules["refused"], ElementsAre(0s));
  EXPECT_THAT(metrics_.schedules["missed"], ElementsAre(Ge(15min))) << "08:30 and 08:40 together, at 08:45";
}

TEST_F(ScheduleTest, ADamagedOneIsLeftAloneAndTheOthersGoOn) {
  given_schedule("*/10 * * * *");
  reader_->another_setting = SettingRow{"schedule", "torn", Document("{"), clock_.now()};
  restart_node();
  EXPECT_EQ(view("torn").error().code, ErrorCode::not_found);
  pass(601s, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10"));
}

TEST_F(ScheduleTest, OneWhoseZoneIsGoneStandsStillAndSaysWhy) {
  given_schedule("*/10 * * * *");
  adjust_ = [](NodeOptions& options) {
    options.time_zone = [](std::string_view) -> Result<TimeZonePtr> {
      return {ErrorCode::validation_failed, "is not in the time zone database"};
    };
  };
  restart_node();
  pass(601s, 1s);
  EXPECT_THAT(fired(), IsEmpty());
  ASSERT_TRUE(view()->schedule.last_fault.has_value());
  EXPECT_EQ(view()->schedule.last_fault->message, "UTC is not in the time zone database");
  adjust_ = nullptr;
  restart_node();
  EXPECT_FALSE(view()->schedule.last_fault.has_value());
  pass(1s);
  EXPECT_EQ(count_skipped(), 1u) << "the time that passed was missed";
}

TEST_F(ScheduleTest, WhileTheStoreIsAwayItTriesAgain) {
  given_schedule("*/10 * * * *");
  script_.all_commits(Fate::unavailable);
  pass(11min, 1s);
  EXPECT_THAT(fired(), IsEmpty());
  script_.all_commits(Fate::goes_through);
  pass(60s, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10"));
  EXPECT_EQ(count_skipped(), 0u);
}

TEST_F(ScheduleTest, AStoreThatFailsOnceLosesNoTime) {
  given_schedule("*/10 * * * *");
  pass(10min - 1s, 1s);
  script_.next_commits({Fate::unavailable});
  pass(60s, 250ms);
  EXPECT_THAT(fired(), ElementsAre("08:10"));
  EXPECT_EQ(count_skipped(), 0u);
}

TEST_F(ScheduleTest, UntilTheNextTimeIsDue) {
  given_schedule("*/10 * * * *");
  script_.all_commits(Fate::unavailable);
  pass(20min - 5s, 1s);
  pass(90s, 1s);
  script_.all_commits(Fate::goes_through);
  pass(60s, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:20"));
  EXPECT_THAT(trail().back(),
              HasSubstr(R"("reason":"refused","schedule":"s","scheduled_at":"2027-01-15T08:10:00.000Z"})"));
  EXPECT_EQ(next_at(), "08:30");
}

TEST_F(ScheduleTest, WithThePolicyAllItKeepsTheTimesThatCouldNotBe) {
  given_schedule("*/10 * * * *", MissedRuns::all);
  script_.all_commits(Fate::unavailable);
  pass(31min, 1s);
  script_.all_commits(Fate::goes_through);
  pass(60s, 1s);
  EXPECT_THAT(fired(), ElementsAre("08:10", "08:20", "08:30"));
}

TEST_F(ScheduleTest, ACrashBeforeTheAnswerNeitherLosesNorDoublesARun) {
  for (const Fate fate : {Fate::unknown_landed, Fate::unknown_lost}) {
    PutSchedule command = wanted("*/10 * * * *", MissedRuns::once);
    command.replace = true;
    ASSERT_TRUE(put(command).ok());
    const std::size_t before = fired().size();
    const std::string due = next_at();
    script_.next_commits({fate});
    script_.acquire_fails(true);  // nobody gets to know whether it was written
    pass(10min, 1s);
    crash_node();
    script_.acquire_fails(false);
    start_node();
    pass(2s);
    EXPECT_EQ(fired().size(), before + 1);
    EXPECT_EQ(fired().back(), due);
  }
}

TEST_F(ScheduleTest, RemovedWhileDueItFiresOnceOrNotAtAll) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    given_schedule("* * * * *", MissedRuns::all);
    const std::size_t before = fired().size();
    pass(58s, 1s);
    const auto removed = ask_remove();
    pass_shuffled(4s, 500ms, seed);
    run();
    ASSERT_TRUE(removed->has_value() && (*removed)->ok());
    EXPECT_LE(fired().size(), before + 1);
    EXPECT_EQ(view().error().code, ErrorCode::not_found);
    const std::size_t after = fired().size();
    restart_node();
    pass(2min, 1s);
    EXPECT_EQ(fired().size(), after);
  }
}

// --- what people ask for ---------------------------------------------------------------------------------------------

TEST_F(ScheduleTest, TheSameIdAndContentIsTheSameSchedule) {
  given_schedule("0 9 * * *");
  const auto again = put(wanted("0 9 * * *"));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->created);
  const auto other = put(wanted("0 10 * * *"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::conflict);
  EXPECT_EQ(next_at(), "09:00");
  PutSchedule replace = wanted("0 10 * * *");
  replace.replace = true;
  const auto replaced = put(replace);
  ASSERT_TRUE(replaced.ok());
  EXPECT_FALSE(replaced->created);
  EXPECT_EQ(next_at(), "10:00");
  EXPECT_EQ(trail().size(), 2u) << "created and changed";
}

TEST_F(ScheduleTest, ManyAtOnceOfOneIdMakeOne) {
  int created = 0, refused = 0;
  for (int hour = 9; hour < 14; ++hour)
    gateway().put_schedule({}, wanted("0 " + std::to_string(hour % 3 + 9) + " * * *"), {},
                           [&](const Result<ScheduleChange>& change) {
                             if (!change)
                               ++refused;
                             else
                               created += change->created;
                           });
  run();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(refused, 3);
}

TEST_F(ScheduleTest, OtherInputsDoNotMoveItsTimes) {
  given_schedule("*/10 * * * *", MissedRuns::once);
  sleep(15min);
  PutSchedule command = wanted("*/10 * * * *", MissedRuns::once);
  command.wanted.inputs = Document(R"({"n":2})");
  command.replace = true;
  ASSERT_TRUE(put(command).ok());
  pass(1s);
  EXPECT_THAT(fired(), ElementsAre("08:10"));
}

TEST_F(ScheduleTest, SurvivesARestart) {
  given_schedule("0 9 * * *");
  const auto before = view();
  restart_node();
  const auto after = view();
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(same_content(before->schedule, after->schedule));
  EXPECT_EQ(after->schedule.created_at, before->schedule.created_at);
  EXPECT_EQ(after->next_times, before->next_times);
  EXPECT_EQ(after->next_times.size(), kScheduleTimesShown);
}

TEST_F(ScheduleTest, FaultsOfItsJobAreToldWhenItIsMade) {
  given_workflow(
      "{key: strict, timeout: 1m, inputs: {type: object, required: [n]}, steps: [{name: work, type: noop}]}");
  PutSchedule command = wanted("0 9 * * *");
  command.wanted.workflow_key = "strict";
  command.wanted.timeout = 2min;
  const auto made = put(command);
  ASSERT_FALSE(made.ok());
  ASSERT_EQ(made.error().faults.size(), 2u);
  EXPECT_THAT(made.error().faults[0].pointer, HasSubstr("/inputs"));
  EXPECT_EQ(made.error().faults[1].pointer, "/timeout_seconds");
  command.wanted.workflow_key = "none";
  EXPECT_EQ(put(command).error().code, ErrorCode::unknown_workflow);
  EXPECT_EQ(put(wanted("0 25 * * *")).error().faults.at(0).pointer, "/cron");
  command = wanted("0 9 * * *");
  command.wanted.time_zone = "Mars/Olympus";
  EXPECT_EQ(put(command).error().faults.at(0).pointer, "/time_zone");
  command = wanted("0 9 * * *");
  command.wanted.inputs = Document("{\"n\":\"" + std::string(kScheduleBytes, 'x') + "\"}");
  EXPECT_EQ(put(command).error().code, ErrorCode::validation_failed);
}

TEST_F(ScheduleTest, ACredentialOfAClientSeesItsOwnOnly) {
  PutSchedule command = wanted("0 9 * * *");
  command.wanted.client_id = "shop";
  ASSERT_TRUE(put(command).ok());
  Caller other, own;
  other.client_id = "bank";
  own.client_id = "shop";
  EXPECT_EQ(view("s", other).error().code, ErrorCode::not_found);
  EXPECT_TRUE(view("s", own).ok());
  EXPECT_EQ(enable(false, other).error().code, ErrorCode::not_found);
  EXPECT_EQ(put(wanted("0 9 * * *"), other).error().code, ErrorCode::conflict);
  std::vector<ScheduleView> list;
  gateway().schedules(other, {}, [&](Result<std::vector<ScheduleView>> views) { list = *views; });
  run();
  EXPECT_THAT(list, IsEmpty());
}

TEST_F(ScheduleTest, AKeyGivesTheFirstAnswerAgain) {
  PutSchedule command = wanted("0 9 * * *");
  command.wanted.id.clear();
  command.idempotency = IdempotencyKey{Digest{1}, Digest{2}};
  const auto first = put(command), second = put(command);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(first->created);
  EXPECT_FALSE(first->view.schedule.id.empty());
  ASSERT_TRUE(second->kept.has_value());
  EXPECT_EQ(second->kept->body, "kept");
}

TEST_F(ScheduleTest, ATriggerBeginsAJobNowAndLeavesTheTimesAlone) {
  given_schedule("0 9 * * *");
  pass(5min, 1s);
  std::optional<Result<AcceptedJob>> job;
  gateway().trigger_schedule({}, "s", {}, render_accepted, [&](Result<AcceptedJob> accepted) { job = accepted; });
  run();
  ASSERT_TRUE(job && job->ok());
  EXPECT_THAT(fired(), ElementsAre("08:05"));
  EXPECT_EQ(next_at(), "09:00");
  gateway().trigger_schedule({}, "none", {}, render_accepted, [&](Result<AcceptedJob> accepted) { job = accepted; });
  run();
  EXPECT_EQ(job->error().code, ErrorCode::not_found);
}

TEST_F(ScheduleTest, EveryActionIsInTheDocumentation) {
  given_schedule("*/10 * * * *");
  EXPECT_TRUE(enable(false).ok());
  EXPECT_TRUE(enable(true).ok());
  set_disabled(true);
  pass(601s, 1s);
  ask_remove();
  run();
  std::ifstream file(TROUPE_DOCS "/audit.md");
  std::stringstream page;
  page << file.rdbuf();
  std::vector<std::string> actions;
  for (const std::string& line : trail()) {
    actions.push_back(line.substr(0, line.find(' ')));
    EXPECT_NE(page.str().find("`" + actions.back() + "`"), std::string::npos) << actions.back();
  }
  EXPECT_THAT(actions, ElementsAre("schedule.created", "schedule.changed", "schedule.changed", "schedule.skipped",
                                   "schedule.deleted"));
}

}  // namespace
}  // namespace troupe::test
