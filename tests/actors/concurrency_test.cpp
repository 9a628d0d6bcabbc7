// Workflows with a concurrency limit: no more runs under way than that, whatever happens, and each of them ends.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/node_fixture.hpp"
#include "codec/run_state_codec.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string limited(int limit) {
  return "{key: limited, timeout: 10m, concurrency: {limit: " + std::to_string(limit) +
         ", key: \"${ .inputs.k }\"}, steps: [{name: work, type: noop, timeout: 20m, retry: {max_attempts: 1}}]}";
}

class ConcurrencyTest : public NodeTest {
 protected:
  JobId submit_as(const std::string& key, int priority = 5, const std::string& client = "default") {
    SubmitJob job;
    job.priority = static_cast<std::uint8_t>(priority);
    job.client_id = client;
    job.inputs = Document("{\"k\":\"" + key + "\"}");
    return submit("limited", job);
  }
  RunState state(const JobId& job) const {
    const auto decoded = decode_run_state(row(job).state);
    EXPECT_TRUE(decoded.ok());
    return decoded.ok() ? *decoded : RunState{};
  }
  bool held(const JobId& job) const { return state(job).held; }
  std::pair<std::size_t, std::size_t> counts() {
    const auto now = node().context().gate.counts();
    return {now.held, now.under_way};
  }
  using Counts = std::pair<std::size_t, std::size_t>;
  /// By what the store says: runs that have begun and not ended, by key.
  std::map<std::string, int> under_way() const {
    std::map<std::string, int> by_key;
    for (const JobId& job : jobs_)
      if (const RunState run = state(job); run.phase != RunPhase::ended && !run.held) ++by_key[run.concurrency_key];
    return by_key;
  }
};

TEST_F(ConcurrencyTest, HoldsWhatIsBeyondTheLimitAndLetsItBeginInItsTurn) {
  given_workflow(limited(1));
  const JobId first = submit_as("a"), second = submit_as("a"), other = submit_as("b");
  EXPECT_THAT(executor_->running(), SizeIs(2));
  EXPECT_TRUE(held(second));
  EXPECT_EQ(status(second), Status::pending);
  EXPECT_EQ(waiting_for(state(second), clock_.now()), WaitingFor::concurrency);
  EXPECT_EQ(counts(), Counts(1, 2));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(first), Status::success);
  EXPECT_THAT(actions(second), ElementsAre("job.accepted", "run.held", "run.admitted"));
  EXPECT_THAT(executor_->running(), SizeIs(2));
  while (executor_->complete("work")) run();
  EXPECT_EQ(status(second), Status::success);
  EXPECT_EQ(status(other), Status::success);
  EXPECT_EQ(counts(), Counts(0, 0));
}

TEST_F(ConcurrencyTest, WithoutAKeyAllRunsShareOne) {
  given_workflow("{key: one, concurrency: {limit: 1}, steps: [{name: work, type: noop}]}");
  submit("one");
  const JobId second = submit("one");
  EXPECT_TRUE(held(second));
  EXPECT_EQ(state(second).concurrency_key, "null");
}

TEST_F(ConcurrencyTest, AKeyMayBeAnyValueAndIsTheSameInAnySpelling) {
  given_workflow("{key: any, concurrency: {limit: 1, key: \"${ .inputs }\"}, steps: [{name: work, type: noop}]}");
  SubmitJob job;
  job.inputs = Document(R"({"b": 1.0, "a": [true]})");
  submit("any", job);
  job.inputs = Document(R"({"a":[true],"b":1})");
  EXPECT_TRUE(held(submit("any", job)));
}

TEST_F(ConcurrencyTest, RefusesAJobWhoseKeyHasNoValueOrIsTooLong) {
  given_workflow(limited(1));
  given_workflow(
      "{key: failing, concurrency: {limit: 1, key: \"${ .client_id.x }\"}, steps: [{name: work, type: noop}]}");
  SubmitJob job;
  job.workflow_key = "failing";
  auto refused = try_submit(job);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::validation_failed);
  job.workflow_key = "limited";
  job.inputs = Document("{\"k\":\"" + std::string(255, 'x') + "\"}");
  refused = try_submit(job);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::validation_failed);
  EXPECT_EQ(refused.error().faults.at(0).message, "the concurrency key has 257 bytes as JSON; at most 256 are allowed");
  EXPECT_EQ(counts(), Counts(0, 0));
  EXPECT_EQ(live_jobs(), 0u);
}

TEST_F(ConcurrencyTest, AHeldRunThatIsCancelledEndsAndGivesUpItsPlace) {
  given_workflow(limited(1));
  submit_as("a");
  const JobId second = submit_as("a"), third = submit_as("a");
  ASSERT_TRUE(cancel(second).ok());
  EXPECT_EQ(status(second), Status::cancelled);
  EXPECT_EQ(counts(), Counts(1, 1));
  executor_->complete("work");
  run();
  EXPECT_FALSE(held(third));
  EXPECT_EQ(executor_->count_started("work"), 2u);
}

TEST_F(ConcurrencyTest, TheTimeOutOfAHeldRunCounts) {
  given_workflow(limited(1));
  submit_as("a");
  pass(5min, 5s);
  const JobId second = submit_as("a");
  pass(5min + 5s, 5s);  // the first one's time is over
  EXPECT_FALSE(held(second));
  const JobId third = submit_as("a");
  pass(4min, 5s);
  EXPECT_TRUE(held(third));
  restart_node();
  pass(5min, 5s);
  EXPECT_EQ(error_code(second), "run_timeout");
  EXPECT_FALSE(held(third));
  pass(2min, 5s);
  EXPECT_EQ(error_code(third), "run_timeout");
}

TEST_F(ConcurrencyTest, AHeldRunWhoseTimeIsOverHasDoneNothing) {
  given_workflow(limited(1));
  SubmitJob job;
  job.inputs = Document(R"({"k":"a"})");
  submit("limited", job);
  job.timeout = 30s;
  const JobId second = submit("limited", job);
  pass(31s, 1s);
  EXPECT_EQ(error_code(second), "run_timeout");
  EXPECT_THAT(actions(second), ElementsAre("job.accepted", "run.held", "run.stopping", "run.failed"));
  EXPECT_EQ(counts(), Counts(0, 1));
}

TEST_F(ConcurrencyTest, ARetryTakesASlotLikeAnyOther) {
  given_workflow(limited(1));
  const JobId first = submit_as("a");
  executor_->fail("work", /*retryable=*/false);
  run();
  submit_as("a");
  ASSERT_TRUE(retry(first).ok());
  EXPECT_TRUE(held(first));
  EXPECT_EQ(counts(), Counts(1, 1));
  executor_->complete("work");
  run();
  EXPECT_FALSE(held(first));
  executor_->complete("work");
  run();
  EXPECT_EQ(status(first), Status::success);
  EXPECT_EQ(counts(), Counts(0, 0));
}

TEST_F(ConcurrencyTest, AfterARestartTheSameRunsAreUnderWayAndTheOthersHeld) {
  given_workflow(limited(2));
  std::vector<JobId> jobs;
  for (int i = 0; i < 6; ++i) jobs.push_back(submit_as("a"));
  for (int i = 0; i < 3; ++i) {
    const auto before = under_way();
    restart_node();
    EXPECT_EQ(under_way(), before);
    EXPECT_THAT(executor_->running(), SizeIs(2));
    EXPECT_EQ(counts(), Counts(static_cast<std::size_t>(4 - i), 2));
    executor_->complete("work");
    run();
  }
  while (executor_->complete("work")) run();
  for (const JobId& job : jobs) EXPECT_EQ(status(job), Status::success);
}

TEST_F(ConcurrencyTest, NobodyIsAdmittedWhileWhoIsUnderWayIsNotKnown) {
  given_workflow(limited(1));
  const JobId first = submit_as("a");
  const JobId second = submit_as("a");
  crash_node();
  reader_->open_jobs_failures = 2;
  start_node();
  const JobId third = submit_as("a");
  EXPECT_TRUE(held(third));
  ASSERT_TRUE(cancel(first).ok()) << "a run that is asked for is loaded before";
  EXPECT_TRUE(held(second));
  EXPECT_TRUE(held(third));
  pass(3s);
  EXPECT_FALSE(held(second)) << "the older one first";
  EXPECT_TRUE(held(third));
}

TEST_F(ConcurrencyTest, ANewVersionsLimitCountsFromThenOn) {
  given_workflow(limited(1));
  for (int i = 0; i < 5; ++i) submit_as("a");
  EXPECT_THAT(executor_->running(), SizeIs(1));
  given_workflow(limited(3));
  run();
  EXPECT_THAT(executor_->running(), SizeIs(3));
  given_workflow(limited(2));
  executor_->complete("work");
  run();
  EXPECT_THAT(executor_->running(), SizeIs(2));
  given_workflow("{key: limited, steps: [{name: work, type: noop}]}");
  run();
  EXPECT_EQ(counts(), Counts(0, 4));
}

TEST_F(ConcurrencyTest, AJobThatCannotBeStoredTakesNoSlot) {
  given_workflow(limited(1));
  script_.acquire_fails(true);
  script_.all_commits(Fate::full);
  SubmitJob job;
  job.workflow_key = "limited";
  job.inputs = Document(R"({"k":"a"})");
  EXPECT_FALSE(try_submit(job).ok());
  script_.all_commits(Fate::goes_through);
  script_.acquire_fails(false);
  pass(10s);
  EXPECT_EQ(counts(), Counts(0, 0));
}

TEST_F(ConcurrencyTest, ASecondSubmitOfOneJobIdTakesNoSlot) {
  given_workflow(limited(2));
  SubmitJob job;
  job.job_id = "mine";
  job.inputs = Document(R"({"k":"a"})");
  submit("limited", job);
  job.workflow_key = "limited";
  EXPECT_TRUE(try_submit(job).ok());
  EXPECT_EQ(counts(), Counts(0, 1));
}

TEST_F(ConcurrencyTest, ARunThatOnlyWaitsKeepsItsSlot) {
  given_workflow(
      "{key: naps, timeout: 2h, concurrency: {limit: 1}, steps: [{name: nap, type: delay, config: {duration: 1h}}]}");
  submit("naps");
  const JobId second = submit("naps");
  pass(2min, 5s);
  EXPECT_TRUE(held(second));
  restart_node();
  EXPECT_TRUE(held(second));
  pass(1h, 30s);
  EXPECT_FALSE(held(second));
}

/// Whatever is done to it, by chance.
class Disturbed : public ConcurrencyTest, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  std::uint64_t number(std::uint64_t below) { return dice_() % below; }

  void disturb() {
    switch (number(12)) {
      case 0:
      case 1:
      case 2: return submit_something();
      case 3:
      case 4: executor_->complete("work"); break;
      case 5: executor_->fail("work", /*retryable=*/false); break;
      case 6: (void)ask_cancel(jobs_[number(jobs_.size())]); break;
      case 7: (void)ask_retry(jobs_[number(jobs_.size())]); break;
      case 8: return pass_shuffled(Millis(number(number(4) == 0 ? 300'000 : 2'000)), 5s, dice_());
      case 9: script_.next_commits({static_cast<Fate>(number(5)), static_cast<Fate>(number(5))}); break;
      case 10:
        if (number(3) == 0) return crash();
        break;
      default:
        if (number(4) == 0) {
          calm();
          limit_ = 1 + static_cast<int>(number(3));
          given_workflow(limited(limit_));
        }
    }
    run_shuffled(dice_(), number(2) == 0 ? number(60) : SIZE_MAX);
  }

  void submit_something() {
    SubmitJob job;
    job.workflow_key = "limited";
    job.priority = static_cast<std::uint8_t>(1 + number(10));
    job.client_id = number(2) == 0 ? "one" : "two";
    job.inputs = Document(number(3) == 0 ? R"({"k":"b"})" : R"({"k":"a"})");
    if (number(4) == 0) job.timeout = 30s;
    if (const auto accepted = try_submit(job)) jobs_.push_back(accepted->id);
  }

  /// The store is well again.
  void calm() {
    script_.next_commits({});
    pass(6s);
  }

  void crash() {
    script_.next_commits({});
    if (number(2) == 0) reader_->open_jobs_failures = static_cast<int>(number(3));
    restart_node();
  }

  std::mt19937_64 dice_{GetParam()};
  int limit_ = 2;
};

TEST_P(Disturbed, NoMoreRunsAreUnderWayThanMayBeAndAllEnd) {
  given_workflow(limited(limit_));
  submit_as("a");
  std::map<std::string, int> before = under_way();
  for (int i = 0; i < 120; ++i) {
    const int limit = limit_;  // another one counts from when it was applied on
    disturb();
    const std::map<std::string, int> now = under_way();
    for (const auto& [key, runs] : now)
      ASSERT_LE(runs, std::max({limit, limit_, before[key]})) << "key " << key << " after disturbance " << i;
    before = now;
  }
  calm();
  for (int i = 0; i < 2'000; ++i) {
    pass(1s);
    while (executor_->complete("work")) run();
    if (counts() == Counts(0, 0) && live_jobs() == 0) break;
  }
  for (const JobId& job : jobs_) EXPECT_TRUE(has_ended(status(job))) << to_string(job);
  EXPECT_EQ(counts(), Counts(0, 0));
}

INSTANTIATE_TEST_SUITE_P(ConcurrencyTest, Disturbed, ::testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace troupe::test
