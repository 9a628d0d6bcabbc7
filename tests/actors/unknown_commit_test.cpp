// A connection that broke at COMMIT: nobody is answered before it is known whether the commit was written, and then
// everybody truthfully.
#include "actors/committer_fixture.hpp"

namespace troupe::test {
namespace {

TEST_F(CommitterTest, AnswersSuccessAfterALostCommitThatHadLanded) {
  const auto a = accept(), b = accept();
  script_.next_commits({Fate::unknown_landed});
  commit({a, b});
  EXPECT_TRUE(a->succeeded() && b->succeeded());
  EXPECT_EQ(script_.tried().size(), 1u) << "what was written must not be written again";
  EXPECT_EQ(script_.acquired(), 2) << "the epoch moves, so that the lost transaction cannot land later";
}

TEST_F(CommitterTest, WritesAgainAfterALostCommitThatHadNotLanded) {
  const auto a = accept(), b = accept();
  script_.next_commits({Fate::unknown_lost});
  commit({a, b});
  EXPECT_TRUE(a->succeeded() && b->succeeded());
  EXPECT_TRUE(a->stored_when_answered && b->stored_when_answered);
  EXPECT_EQ(script_.tried(), (std::vector<std::size_t>{2, 2}));
}

TEST_F(CommitterTest, ComparesHeadsOfEveryShardOfALostCommit) {
  const auto a = accept("", 0), b = accept("", 1);
  script_.next_commits({Fate::unknown_landed});
  commit({a, b});
  EXPECT_TRUE(a->succeeded() && b->succeeded());
  commit({update(a), update(b)});
  EXPECT_EQ(script_.written(), (std::vector<std::size_t>{2, 2}));
}

struct Truth {
  const char* name;
  Fate fate;
  std::size_t tries;
};
class UnknownCommitTest : public CommitterTest, public ::testing::WithParamInterface<Truth> {};

TEST_P(UnknownCommitTest, AnswersNobodyUntilTheTruthCanBeRead) {
  const auto job = accept();
  commit({job});
  const auto fresh = accept("order-7"), next = update(job);
  script_.next_commits({GetParam().fate});
  script_.acquire_fails(true);
  commit({fresh, next});
  try_again();
  EXPECT_EQ(fresh->answers, 0) << "it may be accepted: neither yes nor no is true";
  EXPECT_EQ(next->answers, 0);
  EXPECT_EQ(left(), 2u);
  EXPECT_EQ(health_.obstacle(Millis(0), Millis(1)), StoreObstacle::away);

  script_.acquire_fails(false);
  try_again();
  EXPECT_TRUE(fresh->succeeded() && next->succeeded());
  EXPECT_TRUE(is_stored(fresh->job));
  EXPECT_FALSE(health_.fenced) << "our own commit is no other node";
  EXPECT_EQ(health_.obstacle(Millis(0), Millis(1)), StoreObstacle::none);
  EXPECT_EQ(script_.tried().size(), 1 + GetParam().tries);
}

TEST_P(UnknownCommitTest, RefusesAcceptsThatCameAfterTheDoubtfulOnes) {
  const auto doubtful = accept();
  script_.next_commits({GetParam().fate});
  script_.acquire_fails(true);
  commit({doubtful});
  const auto late = accept();
  commit({late});
  EXPECT_TRUE(late->refused(ErrorCode::store_unavailable));
  EXPECT_EQ(doubtful->answers, 0);
  script_.acquire_fails(false);
  const auto behind = accept();
  commit({behind});
  EXPECT_TRUE(doubtful->succeeded() && behind->succeeded());
}

INSTANTIATE_TEST_SUITE_P(Truths, UnknownCommitTest,
                         ::testing::Values(Truth{"Landed", Fate::unknown_landed, 1},
                                           Truth{"Lost", Fate::unknown_lost, 2}),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(CommitterTest, SettlesADoubtThatBeganWithinABisection) {
  const auto bad = accept(), good = accept(), last = accept();
  script_.refuse(bad->job);
  // [bad good last] refused, [bad] refused, [good last] in doubt
  script_.next_commits({Fate::goes_through, Fate::goes_through, Fate::unknown_landed});
  script_.acquire_fails(true);
  commit({bad, good, last});
  EXPECT_TRUE(bad->refused(ErrorCode::store_refused));
  EXPECT_EQ(good->answers + last->answers, 0);
  script_.acquire_fails(false);
  try_again();
  EXPECT_TRUE(good->succeeded() && last->succeeded());
}

}  // namespace
}  // namespace troupe::test
