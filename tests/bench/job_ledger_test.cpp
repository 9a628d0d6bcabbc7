#include "bench/job_ledger.hpp"

#include <gmock/gmock.h>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class JobLedgerTest : public testing::Test {
 protected:
  static JobId job(std::uint8_t number) { return JobId{{number}}; }
  void accept(std::uint8_t number, Steady::duration at) { ledger_.on_accepted(job(number), start_, start_ + at); }
  void end(std::uint8_t number, Steady::duration at, bool success = true) {
    ledger_.on_ended({job(number), success}, start_ + at);
  }
  auto has_fault(std::uint8_t number, const char* fault) {
    return Contains(AllOf(HasSubstr(to_string(job(number))), HasSubstr(fault)));
  }

  const Steady::time_point start_ = Steady::time_point(1h);
  JobLedger ledger_{8};
};

TEST_F(JobLedgerTest, CountsBothLatenciesFromTheSameMoment) {
  accept(1, 2ms);
  end(1, 7ms);
  EXPECT_EQ(ledger_.accept().percentile_us(50), 2'000u);
  EXPECT_EQ(ledger_.complete().percentile_us(50), 7'000u);
  EXPECT_EQ(ledger_.last_done(), start_ + 7ms);
  EXPECT_THAT(ledger_.faults(), IsEmpty());
}

TEST_F(JobLedgerTest, TakesAnEndThatIsToldBeforeTheAnswer) {
  end(1, 3ms);
  EXPECT_EQ(ledger_.ended(), 0u);
  accept(1, 5ms);
  EXPECT_EQ(ledger_.ended(), 1u);
  EXPECT_EQ(ledger_.complete().percentile_us(100), 3'000u);
  EXPECT_THAT(ledger_.faults(), IsEmpty());
}

TEST_F(JobLedgerTest, FaultsAJobThatEndedTwiceAndCountsItOnce) {
  accept(1, 1ms);
  end(1, 2ms);
  end(1, 9ms);
  EXPECT_EQ(ledger_.ended(), 1u);
  EXPECT_EQ(ledger_.last_done(), start_ + 2ms);
  EXPECT_THAT(ledger_.faults(), has_fault(1, "ended 2 times"));
}

TEST_F(JobLedgerTest, FaultsWhatFailedWhatNeverEndedAndWhatNobodySubmitted) {
  accept(1, 1ms);
  end(1, 2ms, false);
  accept(2, 1ms);
  end(3, 2ms);
  EXPECT_THAT(ledger_.faults(), has_fault(1, "did not end success"));
  EXPECT_THAT(ledger_.faults(), has_fault(2, "has not ended"));
  EXPECT_THAT(ledger_.faults(), has_fault(3, "never told"));
}

TEST_F(JobLedgerTest, WhereJobsAreToWaitFaultsTheOneThatEnded) {
  JobLedger parked{8, JobLedger::Awaits::acceptances};
  parked.on_accepted(job(1), start_, start_ + 1ms);
  parked.on_accepted(job(2), start_, start_ + 4ms);
  EXPECT_EQ(parked.done(), 2u);
  EXPECT_EQ(parked.last_done(), start_ + 4ms);
  EXPECT_THAT(parked.faults(), IsEmpty());
  parked.on_ended({job(2), true}, start_ + 5ms);
  EXPECT_THAT(parked.faults(), has_fault(2, "was to wait"));
}

TEST(Latencies, GiveExactPercentilesByNearestRank) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile_us(50), 0u);
  for (int ms = 100; ms >= 1; --ms) latencies.add(std::chrono::milliseconds(ms));
  EXPECT_EQ(latencies.percentile_us(50), 50'000u);
  EXPECT_EQ(latencies.percentile_us(99), 99'000u);
  EXPECT_EQ(latencies.percentile_us(99.9), 100'000u);
  EXPECT_EQ(latencies.percentile_us(100), 100'000u);
  latencies.add(std::chrono::milliseconds(500));
  EXPECT_EQ(latencies.percentile_us(100), 500'000u);
}

}  // namespace
}  // namespace troupe::bench
