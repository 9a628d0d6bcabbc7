// What share of the live jobs a client may have.
#include "actors/protocol/live_jobs.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace troupe::test {
namespace {

/// Room for 100; a client may have 80 percent of what the others leave.
class LiveJobsTest : public testing::Test {
 protected:
  std::size_t admit(const std::string& client, std::size_t wanted, std::size_t share = 80) {
    std::size_t admitted = 0;
    while (admitted < wanted) {
      auto ticket = live_.admit(client, 100, share);
      if (!ticket) break;
      tickets_[client].push_back(*std::move(ticket));
      ++admitted;
    }
    return admitted;
  }

  LiveJobs live_;
  std::map<std::string, std::vector<LiveJobs::Ticket>> tickets_;
};

TEST_F(LiveJobsTest, OneClientAloneGetsItsShareAndNoMore) {
  EXPECT_EQ(admit("flood", 1'000), 80U);
  EXPECT_EQ(live_.count(), 80U);
}

TEST_F(LiveJobsTest, WhoeverComesNextFindsRoomHoweverManyFlood) {
  for (const char* client : {"a", "b", "c"}) admit(client, 1'000);
  EXPECT_GE(admit("quiet", 1), 1U);
}

TEST_F(LiveJobsTest, TheLastPlacesGoToClientsWithNone) {
  for (int i = 0; i < 100; ++i) admit("client " + std::to_string(i), 1);
  EXPECT_EQ(live_.count(), 100U);
  EXPECT_EQ(admit("late", 1), 0U) << "it is full";
}

TEST_F(LiveJobsTest, AShareOfAllIsNoLimit) { EXPECT_EQ(admit("flood", 1'000, 100), 100U); }

TEST_F(LiveJobsTest, TwoThatFloodEndUpWithTheSame) {
  admit("first", 1'000);
  EXPECT_EQ(admit("second", 1'000), 16U);
  for (int i = 0; i < 1'000; ++i) {
    for (const char* client : {"first", "second"}) {
      tickets_[client].pop_back();  // one ends
      admit(client, 1'000);
    }
  }
  EXPECT_NEAR(static_cast<double>(tickets_["first"].size()), static_cast<double>(tickets_["second"].size()), 2);
  EXPECT_GE(admit("third", 1), 1U);
}

TEST_F(LiveJobsTest, WhatWasAcceptedBeforeIsTakenWhateverTheLimits) {
  std::vector<LiveJobs::Ticket> recovered;
  for (int i = 0; i < 150; ++i) recovered.push_back(live_.take("flood"));
  EXPECT_EQ(live_.count(), 150U);
  EXPECT_EQ(admit("quiet", 1), 0U);
  recovered.clear();
  EXPECT_EQ(live_.count(), 0U);
  EXPECT_EQ(admit("flood", 1'000), 80U);
}

TEST_F(LiveJobsTest, ATicketThatIsMovedCountsOnce) {
  auto ticket = *live_.admit("a", 100, 80);
  LiveJobs::Ticket other = std::move(ticket);
  ticket = {};
  EXPECT_EQ(live_.count(), 1U);
  other = {};
  EXPECT_EQ(live_.count(), 0U);
}

}  // namespace
}  // namespace troupe::test
