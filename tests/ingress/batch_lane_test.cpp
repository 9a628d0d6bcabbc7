// How many groups of jobs a batch lane lets into the core at once.
#include "ingress/batch_lane.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <vector>

namespace troupe::ingress {
namespace {

/// Groups that have been started and wait for the test to answer them.
class Started {
 public:
  BatchLane::Group group(int number) {
    return [this, number](BatchLane::Answered answered) {
      const std::lock_guard lock(mutex_);
      numbers_.push_back(number);
      open_.push_back(std::move(answered));
      changed_.notify_all();
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return numbers_.size() >= count; });
  }
  std::vector<int> numbers() {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  void answer_all() {
    std::vector<BatchLane::Answered> open;
    {
      const std::lock_guard lock(mutex_);
      open.swap(open_);
    }
    for (const auto& answered : open) answered();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> numbers_;
  std::vector<BatchLane::Answered> open_;
};

TEST(BatchLane, StartsGroupsInOrderAndOnlySoManyAtOnce) {
  Started started;
  BatchLane lane;
  const std::size_t window = lane.window();
  std::vector<int> expected;
  for (int i = 0; i < 40; ++i) lane.submit(started.group(i)), expected.push_back(i);
  ASSERT_TRUE(started.wait_for(window));
  EXPECT_EQ(started.numbers().size(), window) << "the others wait for an answer";
  for (std::size_t count = window; count < 40; count = started.numbers().size()) {
    started.answer_all();
    ASSERT_TRUE(started.wait_for(count + 1));
  }
  EXPECT_EQ(started.numbers(), expected);
  started.answer_all();
}

TEST(BatchLane, LetsMoreInWhileAnswersComeQuicklyAndFewerWhenTheyDoNot) {
  std::atomic<std::int64_t> now_ms{0};
  Started started;
  BatchLane lane([&] { return BatchLane::Clock::time_point(std::chrono::milliseconds(now_ms.load())); });
  std::size_t count = lane.window();
  for (int i = 0; i < 100; ++i) lane.submit(started.group(i));
  for (int round = 0; round < 3; ++round) {
    const std::size_t window = lane.window();
    ASSERT_TRUE(started.wait_for(count));
    started.answer_all();
    EXPECT_EQ(lane.window(), 2 * window) << "one more for each of its groups";
    count += lane.window();
  }
  ASSERT_TRUE(started.wait_for(count));
  now_ms += limits::kArrival.count() + 1;
  started.answer_all();
  EXPECT_EQ(lane.window(), 1u);
  for (; count < 100; ++count) {
    ASSERT_TRUE(started.wait_for(count + 1));
    EXPECT_EQ(started.numbers().size(), count + 1);
    now_ms += limits::kArrival.count() + 1;
    started.answer_all();
  }
}

}  // namespace
}  // namespace troupe::ingress
