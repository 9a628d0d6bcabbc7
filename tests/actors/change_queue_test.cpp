// The queue before a writer: who wakes it, and what it is given.
#include "actors/persistence/change_queue.hpp"

#include <gtest/gtest.h>

namespace troupe::test {
namespace {

class ChangeQueueTest : public ::testing::Test {
 protected:
  std::vector<OpenJobsFound> take() { return queue_.take(waiting_); }

  const PersistPtr first_ = std::make_shared<Persist>(), second_ = std::make_shared<Persist>(),
                   third_ = std::make_shared<Persist>();
  std::vector<PersistPtr> waiting_;
  ChangeQueue queue_;
};

TEST_F(ChangeQueueTest, OnlyTheFirstChangeWakesTheWriter) {
  EXPECT_TRUE(queue_.put(first_));
  EXPECT_FALSE(queue_.put(second_));
  EXPECT_FALSE(queue_.wake());
  take();
  EXPECT_FALSE(queue_.put(third_));  // it is at work
}

TEST_F(ChangeQueueTest, AWriterForWhichMoreHasComeDoesNotRest) {
  (void)queue_.put(first_);
  take();
  (void)queue_.put(second_);
  EXPECT_FALSE(queue_.rest());
  EXPECT_FALSE(queue_.put(third_));
  take();
  EXPECT_TRUE(queue_.rest());
  EXPECT_TRUE(queue_.wake());
}

TEST_F(ChangeQueueTest, KeepsNothingOnceTheWriterIsGone) {
  (void)queue_.put(first_);
  queue_.close();
  EXPECT_EQ(first_.use_count(), 1);
  EXPECT_FALSE(queue_.put(second_));
  EXPECT_EQ(second_.use_count(), 1);
}

TEST_F(ChangeQueueTest, WhatWasLeftComesFirst) {
  waiting_ = {first_};
  (void)queue_.put(second_);
  (void)queue_.put(third_);
  take();
  EXPECT_EQ(waiting_, (std::vector{first_, second_, third_}));
  take();
  EXPECT_EQ(waiting_.size(), 3u);
}

TEST_F(ChangeQueueTest, WhatRecoveryFoundIsToldOnceWithTheChangesBehindIt) {
  queue_.tell({3, {}, true});
  EXPECT_TRUE(queue_.put(first_));  // nobody need know of what is open before something changes
  const auto found = take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].shard, 3);
  EXPECT_EQ(waiting_, std::vector{first_});
  EXPECT_TRUE(take().empty());
}

}  // namespace
}  // namespace troupe::test
