// The node as it is run: real threads and the real clock. Only what needs them: stopping, a worker
// that dies, and calls that come back on another thread.
#include <gmock/gmock.h>

#include <array>
#include <future>
#include <thread>

#include "actors/node_fixture.hpp"
#include "actors/slow_evaluators.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

class ThreadsTest : public ::testing::Test {
 protected:
  explicit ThreadsTest(Millis pause = 0ms) : evaluators_(make_evaluator_factory(), pause) { start_node(); }
  ~ThreadsTest() override { node_.reset(); }

  void start_node(std::size_t workers = 1) {
    node_.reset();
    NodeOptions options = node_options(executor_, 4);
    options.shards = {0, 1};
    options.testing = false;
    options.blocking_threads = 2;
    options.scheduler_threads = 2;
    for (std::size_t i = 1; i < workers; ++i) options.workers.push_back(options.workers.front());
    auto started = Node::start({clock_, random_, *reader_, blobs_, evaluators_, metrics_, log_},
                               writers(*store_->writer(), *store_->writer()), options);
    ASSERT_TRUE(started.ok());
    node_ = *std::move(started);
  }
  void given_workflow(const std::string& yaml) {
    std::promise<bool> applied;
    node_->gateway().apply_workflow({}, yaml, std::nullopt, {},
                                    [&](Result<AppliedWorkflow> result) { applied.set_value(result.ok()); });
    ASSERT_TRUE(applied.get_future().get());
  }
  JobId submit(const std::string& workflow) {
    SubmitJob job;
    job.workflow_key = workflow;
    std::promise<JobId> id;
    node_->gateway().submit({}, {job}, render_accepted, [&](std::vector<Result<AcceptedJob>> answers) {
      id.set_value(answers.at(0).ok() ? answers[0]->id : JobId{});
    });
    return id.get_future().get();
  }
  Status status(const JobId& job) {
    const auto row = reader_->job(job);
    return (*row)->status;
  }
  bool starts(const std::string& step, std::size_t times = 1) {
    return eventually([&] { return executor_->count_started(step) >= times; });
  }
  bool ends(const JobId& job) {
    return eventually([&] { return has_ended(status(job)); });
  }

  SystemClock clock_;
  CountingRandom random_;
  SilentLog log_;
  SilentMetrics metrics_;
  NoBlobs blobs_;
  std::shared_ptr<FakeExecutor> executor_ = std::make_shared<FakeExecutor>();
  std::unique_ptr<Store> store_ = make_memory_store();
  std::shared_ptr<StoreReader> reader_ = *store_->reader(1);
  SlowEvaluators evaluators_;
  std::unique_ptr<Node> node_;
};

constexpr const char* kOne = "{key: one, steps: [{name: work, type: noop, timeout: 1h, retry: {initial: 1ms}}]}";

class SlowRunTest : public ThreadsTest {
 protected:
  SlowRunTest() : ThreadsTest(200ms) {}
};

// The slot is free before the run has made anything of the outcome: the node waits for that too.
TEST_F(SlowRunTest, LetsWorkEndWithinTheGraceWhenItStops) {
  given_workflow(kOne);
  const JobId job = submit("one");
  ASSERT_TRUE(starts("work"));
  auto stopped = std::async(std::launch::async, [&] { node_->stop(10min); });
  ASSERT_TRUE(eventually([&] { return !node_->gateway().readiness().ready; }));
  executor_->complete("work");
  stopped.get();
  EXPECT_TRUE(executor_->stopped().empty());
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(ThreadsTest, HandsBackWhatStillRunsAfterTheGraceAndTheNextNodeDoesIt) {
  given_workflow(kOne);
  const JobId job = submit("one");
  ASSERT_TRUE(starts("work"));
  node_->stop(1ms);
  EXPECT_THAT(executor_->stopped(), ElementsAre("work"));
  EXPECT_FALSE(has_ended(status(job)));

  start_node();
  ASSERT_TRUE(starts("work", 2));
  executor_->complete("work");
  ASSERT_TRUE(ends(job));
  EXPECT_EQ(status(job), Status::success);
  EXPECT_THAT(journal_actions(*reader_, job),
              ElementsAre("job.accepted", "run.recovered", "step.completed", "run.completed"));
}

TEST_F(ThreadsTest, IsStoppedInGoodOrderAsOftenAsItLikesWithoutHarmToALongStep) {
  given_workflow(kOne);
  const JobId job = submit("one");
  for (std::size_t start = 1; start <= 3 * limits::kRecoveriesMax; ++start) {
    ASSERT_TRUE(starts("work", start)) << start;
    node_->stop(1ms);
    start_node();
  }
  ASSERT_TRUE(starts("work", 3 * limits::kRecoveriesMax + 1));
  executor_->complete("work");
  ASSERT_TRUE(ends(job));
  EXPECT_EQ(status(job), Status::success);
}

// It was not ended in good order: whatever did not stop may be what keeps the server from it.
TEST_F(ThreadsTest, CountsAStopWithSomethingStillAtWorkLikeACrash) {
  given_workflow(kOne);
  submit("one");
  ASSERT_TRUE(starts("work"));
  node_->stop(1ms);
  const auto shards = reader_->shards();
  for (const ShardState& shard : *shards) EXPECT_EQ(shard.owner, "");
  start_node();
  ASSERT_TRUE(starts("work", 2));
  executor_->never_stops("work");
  node_->stop(1ms);
  EXPECT_EQ(reader_->shards()->at(0).owner, "node");
  executor_->complete("work");
}

TEST_F(ThreadsTest, TakesNoNewJobsWhileItStops) {
  given_workflow(kOne);
  submit("one");
  ASSERT_TRUE(starts("work"));
  auto stopped = std::async(std::launch::async, [&] { node_->stop(10min); });
  ASSERT_TRUE(eventually([&] { return !node_->gateway().readiness().ready; }));
  EXPECT_EQ(submit("one"), JobId{});
  executor_->complete("work");
  stopped.get();
}

TEST_F(ThreadsTest, AnswersAWaiterWhenTheJobEnds) {
  given_workflow(kOne);
  const JobId job = submit("one");
  std::promise<Status> seen;
  node_->gateway().wait({}, {job, "", {}}, 1h, [&](Result<JobView> view) { seen.set_value(view->row.status); });
  ASSERT_TRUE(starts("work"));
  executor_->complete("work");
  EXPECT_EQ(seen.get_future().get(), Status::success);
}

TEST_F(ThreadsTest, PatienceThatIsNotNeededIsNotWaitedFor) {
  given_workflow(kOne);
  const JobId job = submit("one");
  constexpr std::size_t kWaiters = 20;
  std::array<std::promise<Status>, kWaiters> seen;
  for (auto& one : seen)
    node_->gateway().wait({}, {job, "", {}}, 1h, [&](Result<JobView> view) { one.set_value(view->row.status); });
  ASSERT_TRUE(starts("work"));
  executor_->complete("work");
  for (auto& one : seen) EXPECT_EQ(one.get_future().get(), Status::success);
  EXPECT_TRUE(eventually([&] { return node_->context().timers.size() < kWaiters; })) << "others have timers, too";
}

TEST_F(ThreadsTest, RetriesOnANewWorkerWhatTheOneThatDiedHad) {
  given_workflow(kOne);
  const JobId job = submit("one");
  ASSERT_TRUE(starts("work"));
  caf::anon_send_exit(node_->actors().workers->list().front().actor, caf::exit_reason::unhandled_exception);
  ASSERT_TRUE(starts("work", 2));
  executor_->complete("work");
  ASSERT_TRUE(ends(job));
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(ThreadsTest, AWorkerThatIsStuckIsShownAsUnresponsiveAndCanBeReplaced) {
  given_workflow(kOne);
  executor_->hangs_once("work");
  const JobId job = submit("one");
  ASSERT_TRUE(starts("work"));
  std::promise<ActorView> shown;
  node_->gateway().actors({}, 10, [&](Result<ActorView> root) { shown.set_value(*root); });
  const ActorView root = shown.get_future().get();
  for (const ActorView& child : root.children)
    EXPECT_EQ(child.condition, child.id == "worker:worker" ? ActorCondition::unresponsive : ActorCondition::running)
        << child.id;

  std::promise<bool> taken;
  node_->gateway().restart_actor({}, "worker:worker", [&](Result<Done> done) { taken.set_value(done.ok()); });
  ASSERT_TRUE(taken.get_future().get());
  ASSERT_TRUE(starts("work", 2)) << "by the one in its place";
  executor_->complete("work");
  ASSERT_TRUE(ends(job));
  EXPECT_EQ(status(job), Status::success);
  executor_->release();
}

TEST_F(ThreadsTest, EndsManyJobsOnceEachOnManyThreads) {
  start_node(3);
  given_workflow("{key: chain, steps: [{name: a, type: noop}, {name: b, type: exec, config: {command: x}}]}");
  executor_->ends_at_once("a");
  executor_->ends_at_once("b");
  std::vector<JobId> jobs;
  for (int i = 0; i < 200; ++i) jobs.push_back(submit("chain"));
  for (const JobId& job : jobs) {
    ASSERT_TRUE(ends(job));
    EXPECT_THAT(journal_actions(*reader_, job),
                ElementsAre("job.accepted", "step.completed", "step.started", "step.completed", "run.completed"));
  }
  EXPECT_EQ(executor_->count_started("b"), 200u);
}

}  // namespace
}  // namespace troupe::test
