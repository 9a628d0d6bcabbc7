// GET /v1/actors and the restart of an actor: what is shown is what is there.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ActorTreeTest : public NodeTest {
 protected:
  ActorTreeTest() {
    start_node(2);
    given_workflow("{key: one, steps: [{name: work, type: noop}]}");
    given_workflow("{key: out, steps: [{name: outside, type: exec, config: {command: x}}]}");
  }
};

TEST_F(ActorTreeTest, ShowsEveryActorDownToTheRuns) {
  const JobId job = submit("one");
  const ActorView root = actor_tree();
  EXPECT_EQ(root.kind, "node");
  std::vector<std::string> ids;
  for (const ActorView& child : root.children) ids.push_back(child.id);
  EXPECT_THAT(ids, ElementsAre("persistence:0", "completion", "timer", "schedules", "broker", "worker:worker",
                               "worker:workflow", "supervisor"));
  for (const ActorView& child : root.children) EXPECT_EQ(child.condition, ActorCondition::running) << child.id;
  const ActorView* run = find_actor(root, "run:" + to_string(row(job).run));
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->condition, ActorCondition::running);
  const ActorView* owner = find_actor(root, "job:" + to_string(job));
  ASSERT_NE(owner, nullptr);
  EXPECT_THAT(owner->children, ::testing::SizeIs(1));
}

TEST_F(ActorTreeTest, TellsSlotsAndWhatWaitsByTypeAndPriority) {
  SubmitJob urgent;
  urgent.priority = 9;
  for (int i = 0; i < 3; ++i) submit("one");
  submit("out", urgent);
  pass(3s);
  const ActorView root = actor_tree();
  const ActorView* worker = find_actor(root, "worker:worker");
  EXPECT_EQ(worker->slots, 2u);
  EXPECT_EQ(worker->busy, 2u);
  EXPECT_GE(worker->at_work_for, 3s);
  const ActorView* broker = find_actor(root, "broker");
  EXPECT_EQ(broker->busy, 2u);
  EXPECT_EQ(broker->waiting, 2u);
  ASSERT_EQ(broker->queues.size(), 2u);
  for (const ActorView::Depth& depth : broker->queues) {
    EXPECT_EQ(depth.waiting, 1u);
    EXPECT_EQ(depth.priority, depth.type == StepType::exec ? 9 : 5);
  }
  EXPECT_EQ(find_actor(root, "supervisor")->live_jobs, 4u);
}

TEST_F(ActorTreeTest, ShowsAFewOfManyJobsAndNoneToACredentialOfOneClient) {
  for (int i = 0; i < 5; ++i) submit("one");
  const ActorView root = actor_tree(2);
  EXPECT_EQ(find_actor(root, "supervisor")->children.size(), 2u);
  EXPECT_EQ(find_actor(root, "supervisor")->live_jobs, 5u);

  Caller client;
  client.client_id = "shop";
  ActorView seen;
  gateway().actors(client, 10, [&](Result<ActorView> tree) { seen = *tree; });
  run();
  EXPECT_THAT(find_actor(seen, "supervisor")->children, IsEmpty());
}

TEST_F(ActorTreeTest, WhoDoesNotAnswerWithinASecondIsShownAsUnresponsive) {
  std::optional<Result<ActorView>> answer;
  gateway().actors({}, 10, [&](Result<ActorView> tree) { answer = std::move(tree); });
  EXPECT_FALSE(answer.has_value());
  clock_.advance(1s);
  node().context().timers.fire(clock_.now());  // before any other actor has its turn
  ASSERT_TRUE(answer.has_value());
  const ActorView& root = **answer;
  ASSERT_EQ(root.children.size(), 8u);
  for (const ActorView& child : root.children) {
    EXPECT_EQ(child.condition, ActorCondition::unresponsive) << child.id;
    EXPECT_FALSE(child.mailbox.has_value());
  }
  run();  // their answers come too late, and do no harm
}

TEST_F(ActorTreeTest, TellsWhatKeepsAWriterFromTheStore) {
  submit("one");
  script_.all_commits(Fate::unavailable);
  executor_->complete("work");
  run();
  EXPECT_THAT(find_actor(actor_tree(), "persistence:0")->last_error, HasSubstr("does not answer"));
  EXPECT_EQ(find_actor(actor_tree(), "persistence:0")->waiting, 1u);
  script_.all_commits(Fate::goes_through);
  pass(5s);
  EXPECT_EQ(find_actor(actor_tree(), "persistence:0")->last_error, "");
}

TEST_F(ActorTreeTest, ARestartIsAuditedBeforeItIsDone) {
  ASSERT_TRUE(restart_actor("worker:worker").ok());
  JournalQuery query;
  query.chain = shard_chain(0);
  std::string records;
  const auto rows = reader_->journal(query);
  for (const JournalRow& row : *rows) records += row.records;
  EXPECT_THAT(records, HasSubstr(R"("action":"actor.restarted","actor":"operator")"));
  EXPECT_THAT(records, HasSubstr(R"("details":{"actor":"worker:worker"})"));

  script_.all_commits(Fate::unavailable);
  EXPECT_FALSE(restart_actor("worker:worker").ok());
  EXPECT_EQ(metrics_.restarts["worker:worker"], 1);
  script_.all_commits(Fate::goes_through);
  pass(5s);
}

TEST_F(ActorTreeTest, RefusesWhatCannotBeRestartedByItselfWithTheReason) {
  for (const char* id : {"node", "persistence:0", "completion", "timer", "schedules", "broker", "supervisor"}) {
    const auto answer = restart_actor(id);
    ASSERT_FALSE(answer.ok()) << id;
    EXPECT_EQ(answer.error().code, ErrorCode::conflict) << id;
    EXPECT_THAT(answer.error().message, HasSubstr("cannot be restarted by itself"));
  }
  EXPECT_EQ(restart_actor("run:" + to_string(RunId{})).error().code, ErrorCode::conflict);
  for (const char* id : {"worker:nobody", "job:x", "x", "", "job:00000000-0000-7000-8000-000000000000"})
    EXPECT_EQ(restart_actor(id).error().code, ErrorCode::not_found) << id;
  const JobId job = submit("one");
  executor_->complete("work");
  run();
  EXPECT_EQ(restart_actor("job:" + to_string(job)).error().code, ErrorCode::job_finished);
}

TEST_F(ActorTreeTest, AJobThatIsRestartedGoesOnAndItsWorkIsDoneOnceMore) {
  const JobId job = submit("one");
  ASSERT_TRUE(restart_actor("job:" + to_string(job)).ok());
  EXPECT_THAT(executor_->stopped(), ElementsAre("work")) << "nobody would take its outcome";
  EXPECT_THAT(executor_->running(), ElementsAre("work"));
  ASSERT_TRUE(executor_->complete("work"));
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_EQ(metrics_.restarts["job"], 1);
}

// The offer of the run that is gone would be given to a worker, which would wait for that run for ever.
TEST_F(ActorTreeTest, WhatAJobHadQueuedWhenItIsRestartedDoesNotHoldASlot) {
  submit("one");
  submit("one");
  const JobId job = submit("out");
  EXPECT_EQ(executor_->count_started("outside"), 0u);
  ASSERT_TRUE(restart_actor("job:" + to_string(job)).ok());
  executor_->complete("work");
  executor_->complete("work");
  run();
  EXPECT_EQ(executor_->count_started("outside"), 1u);
  EXPECT_EQ(busy_slots(), 1u);
  executor_->complete("outside");
  run();
  EXPECT_EQ(status(job), Status::success);
}

TEST_F(ActorTreeTest, AParkedJobThatIsRestartedWakesWhenItIsDue) {
  given_workflow("{key: slow, steps: [{name: pause, type: delay, config: {duration: 2m}}, {name: work, type: noop}]}");
  executor_->ends_at_once("work");
  const JobId job = submit("slow");
  EXPECT_EQ(live_jobs(), 0u);
  ASSERT_TRUE(restart_actor("job:" + to_string(job)).ok());
  pass(125s);
  EXPECT_EQ(status(job), Status::success);
}

}  // namespace
}  // namespace troupe::test
