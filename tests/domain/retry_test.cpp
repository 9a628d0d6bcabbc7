#include <gtest/gtest.h>

#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

class Dice final : public Random {
 public:
  explicit Dice(std::uint64_t value) : value_(value) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

struct Row {
  Backoff backoff;
  AttemptNumber failed;
  int expected_ms;
};

TEST(RetryDelay, FollowsItsBackOffUpToItsMaximum) {
  for (const Row& row :
       {Row{Backoff::fixed, 4, 1'000}, Row{Backoff::linear, 3, 3'000}, Row{Backoff::exponential, 1, 1'000},
        Row{Backoff::exponential, 4, 8'000}, Row{Backoff::exponential, 60, 60'000}}) {
    RetryPolicy policy;
    policy.backoff = row.backoff;
    policy.jitter = Jitter::none;
    Dice dice(0);
    EXPECT_EQ(retry_delay(policy, row.failed, dice), Millis(row.expected_ms)) << row.failed;
  }
}

TEST(RetryDelay, WithFullJitterLiesBetweenNothingAndTheWholeWait) {
  RetryPolicy policy;
  Dice lowest(0), highest(UINT64_MAX);
  EXPECT_EQ(retry_delay(policy, 1, lowest), Millis(0));
  EXPECT_EQ(retry_delay(policy, 1, highest), Millis(999));
}

}  // namespace
}  // namespace troupe
