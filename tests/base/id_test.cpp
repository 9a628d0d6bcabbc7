#include "troupe/base/id.hpp"

#include <gtest/gtest.h>

#include "troupe/base/clock.hpp"

namespace troupe {
namespace {

class StoppedClock final : public Clock {
 public:
  Timestamp now() override { return from_unix_ms(1'700'000'000'000); }
  Millis monotonic() override { return Millis(0); }
};

TEST(Ids, OfOneFactorySortInTheOrderTheyWereMadeEvenWithinOneMillisecond) {
  StoppedClock clock;
  SystemRandom random;
  IdFactory ids(clock, random);
  JobId last = ids.make<JobId>(0);
  for (int i = 0; i < 10'000; ++i) {
    const JobId next = ids.make<JobId>(0);
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(Ids, CarryTheirSlotAndTheirTime) {
  StoppedClock clock;
  SystemRandom random;
  const JobId id = IdFactory(clock, random).make<JobId>(3'210);
  EXPECT_EQ(id.slot(), 3'210);
  EXPECT_EQ(id.created_at(), clock.now());
  EXPECT_EQ(parse_id<JobId>(to_string(id)), id);
  EXPECT_EQ(to_string(id)[14], '7');
}

TEST(Ids, AClientsOwnIdIsNoUuid) {
  EXPECT_TRUE(is_client_job_id("order:42.a_b-c"));
  EXPECT_FALSE(is_client_job_id(""));
  EXPECT_FALSE(is_client_job_id("a b"));
  EXPECT_FALSE(is_client_job_id(std::string(129, 'a')));
  EXPECT_FALSE(is_client_job_id("01930000-0000-7000-8000-000000000000"));
}

}  // namespace
}  // namespace troupe
