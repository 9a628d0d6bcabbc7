// What group commit promises to everyone who waits for it.
#include "actors/committer_fixture.hpp"

namespace troupe::test {
namespace {

TEST_F(CommitterTest, WritesABatchInOneCommit) {
  const auto a = accept(), b = accept(), c = accept("", 1);
  commit({a, b, c});
  EXPECT_EQ(script_.written(), std::vector<std::size_t>{3});
  EXPECT_TRUE(a->succeeded() && b->succeeded() && c->succeeded());
}

TEST_F(CommitterTest, SplitsABatchAboveTheBoundOfOneTransaction) {
  std::vector<WaiterPtr> waiters;
  for (std::size_t i = 0; i < limits::kCommitChanges + 1; ++i) waiters.push_back(accept());
  commit(waiters);
  EXPECT_EQ(script_.written(), (std::vector<std::size_t>{limits::kCommitChanges, 1}));
  EXPECT_TRUE(waiters.front()->succeeded() && waiters.back()->succeeded());
}

// A retry and a decision about an image that meet at a run which has ended.
TEST_F(CommitterTest, WritesOneOfTwoChangesOfAJobThatFollowTheSameOne) {
  const auto job = accept(), other = accept();
  commit({job, other});
  const auto first = update(job), second = update(job), beside = update(other);
  commit({first, second, beside});
  EXPECT_TRUE(first->succeeded() && beside->succeeded());
  EXPECT_TRUE(second->refused(ErrorCode::conflict));
}

TEST_F(CommitterTest, AnswersOnlyWhenTheStoreHoldsTheChange) {
  const auto job = accept();
  commit({job});
  const auto end = update(job, /*opens=*/false);
  commit({end});
  EXPECT_TRUE(job->stored_when_answered && end->stored_when_answered);
  EXPECT_EQ(end->answer.head.seq, 2u);
  EXPECT_NE(end->answer.records.find("run.completed"), std::string::npos);
}

TEST_F(CommitterTest, TellsTheSecondOfABatchWhoWasFirst) {
  const auto first = accept("order-7"), second = accept("order-7"), other = accept("order-8");
  commit({first, second, other});
  EXPECT_TRUE(first->succeeded() && other->succeeded());
  ASSERT_EQ(second->answers, 1);
  ASSERT_EQ(second->answer.verdict, Persisted::Verdict::duplicate);
  EXPECT_EQ(second->answer.duplicate.job_key->id, first->job);
  EXPECT_FALSE(is_stored(second->job));
}

// The first is not written before the second is found to be one: it may never be.
TEST_F(CommitterTest, TellsTheSecondOfABatchOnlyWhenTheFirstIsStored) {
  const auto first = accept("order-7"), second = accept("order-7");
  script_.next_commits({Fate::goes_through, Fate::unavailable});
  commit({first, second});
  EXPECT_TRUE(first->refused(ErrorCode::store_unavailable));
  EXPECT_TRUE(second->refused(ErrorCode::store_unavailable));
  EXPECT_FALSE(is_stored(first->job));
}

TEST_F(CommitterTest, TellsALaterBatchWhoWasFirst) {
  const auto first = accept("order-7");
  commit({first});
  const auto second = accept("order-7"), other = accept();
  commit({second, other});
  EXPECT_TRUE(other->succeeded());
  ASSERT_EQ(second->answer.verdict, Persisted::Verdict::duplicate);
  EXPECT_EQ(second->answer.duplicate.job_key->id, first->job);
}

TEST_F(CommitterTest, FailsOnlyTheRowThatTheDatabaseRefuses) {
  std::vector<WaiterPtr> waiters;
  for (int i = 0; i < 7; ++i) waiters.push_back(accept());
  script_.refuse(waiters[4]->job);
  commit(waiters);
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    if (i == 4)
      EXPECT_TRUE(waiters[i]->refused(ErrorCode::store_refused));
    else
      EXPECT_TRUE(waiters[i]->succeeded()) << i;
  }
  EXPECT_FALSE(is_stored(waiters[4]->job));
}

TEST_F(CommitterTest, FailsEachOfSeveralBadRowsOnItsOwn) {
  const auto a = accept(), b = accept(), c = accept(), d = accept();
  script_.refuse(a->job);
  script_.refuse(d->job);
  commit({a, b, c, d});
  EXPECT_TRUE(a->refused(ErrorCode::store_refused) && d->refused(ErrorCode::store_refused));
  EXPECT_TRUE(b->succeeded() && c->succeeded());
}

TEST_F(CommitterTest, KeepsWhatABisectionHadNotReachedWhenTheStoreGoesAway) {
  const auto job = accept();
  commit({job});
  const auto bad = accept(), good = update(job);
  script_.refuse(bad->job);
  script_.next_commits({Fate::goes_through, Fate::unavailable});  // refused as a whole, then away at the first half
  commit({bad, good});
  EXPECT_EQ(good->answers, 0);
  EXPECT_EQ(left(), 1u);
  try_again();
  EXPECT_TRUE(good->succeeded());
}

TEST_F(CommitterTest, RefusesAChangeMadeFromAnOldState) {
  const auto job = accept(), neighbour = accept();
  commit({job, neighbour});
  const auto stale = update(job);
  commit({update(job)});
  const auto fine = update(neighbour);
  commit({stale, fine});
  EXPECT_TRUE(stale->refused(ErrorCode::conflict));
  EXPECT_TRUE(fine->succeeded());
}

TEST_F(CommitterTest, NeverAnswersSuccessOnceAnotherNodeHasTheShard) {
  const auto job = accept();
  commit({job});
  take_over(0);
  const auto late = update(job), fresh = accept();
  commit({late, fresh});
  EXPECT_TRUE(late->refused(ErrorCode::fenced) && fresh->refused(ErrorCode::fenced));
  EXPECT_FALSE(is_stored(fresh->job));
  EXPECT_TRUE(health_.fenced);
  const auto later = accept();
  commit({later});
  EXPECT_TRUE(later->refused(ErrorCode::fenced));
}

struct Away {
  const char* name;
  Fate fate;
  ErrorCode answer;
};
class AwayStoreTest : public CommitterTest, public ::testing::WithParamInterface<Away> {};

TEST_P(AwayStoreTest, RefusesAcceptsAndKeepsTheRestUntilItIsBack) {
  const auto job = accept();
  commit({job});
  script_.all_commits(GetParam().fate);
  const auto waits = update(job), fresh = accept();
  commit({waits, fresh});
  EXPECT_TRUE(fresh->refused(GetParam().answer));
  EXPECT_TRUE(fresh->answer.error.retryable);
  EXPECT_EQ(waits->answers, 0);
  EXPECT_EQ(health_.obstacle(Millis(0), Millis(1)),
            GetParam().fate == Fate::full ? StoreObstacle::full : StoreObstacle::away);

  try_again();
  EXPECT_EQ(waits->answers, 0);
  script_.all_commits(Fate::goes_through);
  const auto next = accept();
  commit({next});
  EXPECT_TRUE(waits->succeeded() && next->succeeded());
  EXPECT_EQ(health_.obstacle(Millis(0), Millis(1)), StoreObstacle::none);
}

TEST_P(AwayStoreTest, AnswersAcceptsBehindTheFirstTransactionToo) {
  script_.all_commits(GetParam().fate);
  std::vector<WaiterPtr> waiters;
  for (std::size_t i = 0; i < limits::kCommitChanges + 1; ++i) waiters.push_back(accept());
  commit(waiters);
  EXPECT_TRUE(waiters.front()->refused(GetParam().answer));
  EXPECT_TRUE(waiters.back()->refused(GetParam().answer));
  EXPECT_EQ(left(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Stores, AwayStoreTest,
                         ::testing::Values(Away{"Unreachable", Fate::unavailable, ErrorCode::store_unavailable},
                                           Away{"Full", Fate::full, ErrorCode::disk_full}),
                         [](const auto& tested) { return tested.param.name; });

// The low-water mark bounds recovery's scan: a job below it that is open would never be found again.

TEST_F(CommitterTest, FindsEveryOpenJobAtOrAboveTheLowWaterMark) {
  committer().open_jobs_found({0, {}, true});
  const auto oldest = accept(), middle = accept(), newest = accept();
  commit({oldest, middle, newest});
  commit({update(oldest, /*opens=*/false)});
  commit({update(newest, /*opens=*/false)});
  EXPECT_EQ(shard(0).low_water, middle->job);
  EXPECT_EQ(open_jobs(), std::vector<std::string>{to_string(middle->job)});
}

TEST_F(CommitterTest, MovesTheLowWaterMarkBackForAnOldJobThatOpensAgain) {
  committer().open_jobs_found({0, {}, true});
  const auto old = accept(), young = accept();
  commit({old, young});
  commit({update(old, /*opens=*/false)});
  commit({update(young)});
  ASSERT_EQ(shard(0).low_water, young->job);
  commit({update(old)});
  EXPECT_EQ(shard(0).low_water, old->job);
}

TEST_F(CommitterTest, LeavesTheLowWaterMarkUntilRecoveryHasSeenEverything) {
  const auto job = accept();
  commit({job});
  commit({update(job)});
  EXPECT_TRUE(shard(0).low_water.is_nil());
}

TEST_F(CommitterTest, AJobThatGoesOnBeforeRecoveryIsThroughStaysWithinReachOfTheNextOne) {
  committer().open_jobs_found({0, {}, true});
  const WaiterPtr old = accept();
  commit({old});
  commit({update(old, /*opens=*/false)});  // it waits
  commit({accept()});
  ASSERT_GT(shard(0).low_water, old->job) << "the mark has passed it";
  restart();
  commit({update(old)});
  EXPECT_EQ(open_jobs().front(), to_string(old->job));
}

}  // namespace
}  // namespace troupe::test
