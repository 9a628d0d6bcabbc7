// Single rules of the bucket; that it keeps its promise in every course of things is token_bucket_property_test.cpp.
#include "troupe/domain/token_bucket.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr Millis kStart(1'000'000);

RateLimit limit_of(std::uint32_t limit, Millis per, std::uint32_t burst) { return {limit, per, burst}; }

TEST(TokenBucket, IsFullAtFirst) {
  TokenBucket bucket(limit_of(10, Millis(60'000), 3), kStart);
  EXPECT_EQ(bucket.remaining(kStart), 3U);
  EXPECT_TRUE(bucket.is_full(kStart));
  EXPECT_EQ(bucket.until_next(kStart), Millis(0));
}

TEST(TokenBucket, TellsWhenTheNextTokenComes) {
  TokenBucket bucket(limit_of(10, Millis(60'000), 2), kStart);
  bucket.take(kStart);
  EXPECT_EQ(bucket.wait(kStart), Millis(0));
  EXPECT_EQ(bucket.until_next(kStart), Millis(6'000));
  bucket.take(kStart);
  EXPECT_EQ(bucket.wait(kStart), Millis(6'000));
  EXPECT_EQ(bucket.wait(kStart + Millis(5'999)), Millis(1));
  EXPECT_EQ(bucket.wait(kStart + Millis(6'000)), Millis(0));
  EXPECT_EQ(bucket.remaining(kStart + Millis(6'000)), 1U);
}

TEST(TokenBucket, LosesNothingToRounding) {
  TokenBucket bucket(limit_of(7, Millis(1'000), 7), kStart);  // a token every 142.857… ms
  for (int i = 0; i < 7; ++i) bucket.take(kStart);
  int taken = 0;
  for (Millis now = kStart; now <= kStart + Millis(100'000); now += Millis(1))
    for (; bucket.wait(now) == Millis(0); ++taken) bucket.take(now);
  EXPECT_EQ(taken, 700);
}

TEST(TokenBucket, HoldsNoMoreThanItsBurstHoweverLongItRests) {
  TokenBucket bucket(limit_of(1'000'000, Millis(1'000), 5), kStart);
  for (int i = 0; i < 5; ++i) bucket.take(kStart);
  EXPECT_EQ(bucket.remaining(kStart + RateLimit::kPerMost * 10'000), 5U);
}

TEST(TokenBucket, GivesBackWhatWasNotUsedButNoMore) {
  TokenBucket bucket(limit_of(1, Millis(60'000), 2), kStart);
  const auto loan = bucket.take(kStart);
  bucket.give_back(loan, kStart + Millis(5));
  EXPECT_TRUE(bucket.is_full(kStart + Millis(5)));
  bucket.give_back(loan, kStart + Millis(5));
  EXPECT_EQ(bucket.remaining(kStart + Millis(5)), 2U);
}

TEST(TokenBucket, GivesNothingBackThatWouldHaveOverflowed) {
  TokenBucket bucket(limit_of(1, Millis(1'000), 1), kStart);
  const auto first = bucket.take(kStart);
  const Millis later = kStart + Millis(1'000);
  bucket.take(later);
  bucket.give_back(first, later);
  EXPECT_EQ(bucket.remaining(later), 0U);
}

TEST(TokenBucket, TakesAnEarlierTimeForTheLatest) {
  TokenBucket bucket(limit_of(1, Millis(1'000), 1), kStart);
  bucket.take(kStart);
  EXPECT_EQ(bucket.wait(kStart - Millis(500)), Millis(1'000));
}

TEST(TokenBucket, MissesUnderANewLimitWhatItMissedBefore) {
  TokenBucket bucket(limit_of(10, Millis(10'000), 10), kStart);
  for (int i = 0; i < 4; ++i) bucket.take(kStart);
  bucket.change(limit_of(100, Millis(60'000), 100), kStart);
  EXPECT_EQ(bucket.remaining(kStart), 96U);
  bucket.change(limit_of(1, Millis(60'000), 2), kStart);
  EXPECT_EQ(bucket.remaining(kStart), 0U);
}

}  // namespace
}  // namespace troupe
