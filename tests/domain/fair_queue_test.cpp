#include "troupe/domain/fair_queue.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace troupe {
namespace {

const Timestamp kStart = from_unix_ms(1'000'000'000);
constexpr Millis kMaxWait(100'000);

FairRulesPtr rules(std::unordered_map<std::string, std::uint32_t> weights = {}) {
  return std::make_shared<FairRules>(FairRules{kMaxWait, std::move(weights)});
}

/// Entries are named `client:priority:wait`; each has waited so many seconds.
struct Case {
  const char* rule;
  std::vector<const char*> waiting;
  std::vector<const char*> order;
  std::unordered_map<std::string, std::uint32_t> weights = {};

  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.rule; }
};

void push(FairQueue<std::string>& queue, const std::string& entry) {
  const std::size_t first = entry.find(':'), second = entry.find(':', first + 1);
  queue.push(entry, std::stoi(entry.substr(first + 1)), entry.substr(0, first),
             kStart - Millis(1'000 * std::stoi(entry.substr(second + 1))));
}

class FairQueueRules : public ::testing::TestWithParam<Case> {};

TEST_P(FairQueueRules, Holds) {
  FairQueue<std::string> queue(rules(GetParam().weights));
  for (const char* entry : GetParam().waiting) push(queue, entry);
  std::vector<std::string> order;
  while (auto entry = queue.pop(kStart)) order.push_back(*entry);
  EXPECT_EQ(order, std::vector<std::string>(GetParam().order.begin(), GetParam().order.end())) << GetParam().rule;
}

INSTANTIATE_TEST_SUITE_P(
    FairQueue, FairQueueRules,
    ::testing::Values(
        Case{"the highest priority goes first", {"a:1:0", "a:5:0", "a:10:0"}, {"a:10:0", "a:5:0", "a:1:0"}},
        Case{"first come, first served of one client", {"a:5:3", "a:5:2", "a:5:1"}, {"a:5:3", "a:5:2", "a:5:1"}},
        Case{"what is put back keeps its place", {"a:5:1", "a:5:3", "a:5:2"}, {"a:5:3", "a:5:2", "a:5:1"}},
        Case{"clients take turns, whatever each has and how long it has waited",
             {"a:5:9", "a:5:8", "a:5:7", "b:5:0", "c:5:0"},
             {"a:5:9", "b:5:0", "c:5:0", "a:5:8", "a:5:7"}},
        Case{"turns go by weight",
             {"a:5:6", "a:5:5", "a:5:4", "a:5:3", "a:5:2", "a:5:1", "b:5:3", "b:5:2", "b:5:1"},
             {"b:5:3", "a:5:6", "b:5:2", "b:5:1", "a:5:5", "a:5:4", "a:5:3", "a:5:2", "a:5:1"},
             {{"b", 2}}},
        Case{"the weight of a client that is not there takes nothing",
             {"a:5:2", "b:5:2", "a:5:1", "b:5:1"},
             {"a:5:2", "b:5:2", "a:5:1", "b:5:1"},
             {{"c", 100}}},
        Case{"what is not late waits for what is more urgent", {"a:1:99", "a:10:0"}, {"a:10:0", "a:1:99"}},
        Case{"priority 1 is late after the whole time", {"a:1:100", "a:10:0"}, {"a:1:100", "a:10:0"}},
        Case{"priority 9 is late after two tenths", {"a:9:20", "a:10:0"}, {"a:9:20", "a:10:0"}},
        Case{"and not before", {"a:9:19", "a:10:0"}, {"a:10:0", "a:9:19"}},
        Case{"what is late has every second turn only",
             {"a:1:102", "a:1:101", "a:10:2", "a:10:1", "a:10:0"},
             {"a:1:102", "a:10:2", "a:1:101", "a:10:1", "a:10:0"}},
        Case{"priorities that are late take turns",
             {"a:1:200", "a:1:199", "a:3:200", "a:3:199", "a:10:3", "a:10:2", "a:10:1", "a:10:0"},
             {"a:3:200", "a:10:3", "a:1:200", "a:10:2", "a:3:199", "a:10:1", "a:1:199", "a:10:0"}},
        Case{"within what is late, clients share as always",
             {"a:1:300", "a:1:299", "a:1:298", "b:1:0", "c:10:1", "c:10:0"},
             {"a:1:300", "c:10:1", "b:1:0", "c:10:0", "a:1:299", "a:1:298"}},
        Case{"a late flood does not hold up what is more urgent",
             {"a:5:300", "a:5:299", "a:5:298", "b:6:0"},
             {"a:5:300", "b:6:0", "a:5:299", "a:5:298"}}));

TEST(FairQueue, IsEmptyInTheEnd) {
  FairQueue<int> queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(kStart), std::nullopt);
  queue.push(1, 5, "a", kStart);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.pop(kStart), 1);
  EXPECT_EQ(queue.pop(kStart), std::nullopt);
}

TEST(FairQueue, TakesOutWhatItIsToldTo) {
  FairQueue<int> queue;
  std::vector<FairQueue<int>::Place> places;
  for (int i = 0; i < 4; ++i) places.push_back(queue.push(i, 5, i == 3 ? "b" : "a", kStart));
  EXPECT_EQ(queue.remove(places[0]), 0);
  EXPECT_EQ(queue.remove(places[3]), 3);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.pop(kStart), 1);
  EXPECT_EQ(queue.pop(kStart), 2);
  EXPECT_EQ(queue.pop(kStart), std::nullopt);
}

TEST(FairQueue, AClientThatAlwaysComesBackGetsNoMoreThanOneThatStays) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 1'000; ++i) queue.push("stays", 5, "stays", kStart);
  int turns = 0;
  for (int i = 0; i < 1'000; ++i) {
    queue.push("comes back", 5, "comes back", kStart);
    turns += *queue.pop(kStart) == "comes back";
  }
  EXPECT_NEAR(turns, 500, 1);
}

TEST(FairQueue, AClientThatComesBackGoesOnWithItsShare) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 1'000; ++i) queue.push("stays", 5, "stays", kStart);
  for (int i = 0; i < 500; ++i) (void)queue.pop(kStart);
  for (int i = 0; i < 1'000; ++i) queue.push("back", 5, "back", kStart);
  int turns = 0;
  for (int i = 0; i < 500; ++i) turns += *queue.pop(kStart) == "back";
  EXPECT_NEAR(turns, 250, 1);
}

TEST(FairQueue, EverNewClientsDoNotStarveOneThatWaits) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 3; ++i) queue.push("old", 5, "old", kStart);
  int turns = 0;
  for (int i = 0; i < 8; ++i) {
    queue.push("new", 5, "new " + std::to_string(i), kStart);
    queue.push("new", 5, "newer " + std::to_string(i), kStart);
    turns += *queue.pop(kStart) == "old";
  }
  EXPECT_GE(turns, 2);
}

TEST(FairQueue, AJobBehindAHundredThousandOfAnotherClientIsSecond) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 100'000; ++i) queue.push("flood", 5, "flood", kStart);
  for (int i = 0; i < 10'000; ++i) (void)queue.pop(kStart + kMaxWait);
  queue.push("one", 5, "one", kStart + kMaxWait);
  int turns = 1;
  while (*queue.pop(kStart + kMaxWait) != "one") ++turns;
  EXPECT_EQ(turns, 2);
}

TEST(FairQueue, APriority1BehindAStreamOf10sStartsAtTheLatestTwoTurnsAfterTheMaximum) {
  FairQueue<int> queue(rules());
  queue.push(1, 1, "patient", kStart);
  Timestamp now = kStart;
  for (int i = 0; i < 20; ++i) queue.push(10, 10, "urgent", now);
  while (*queue.pop(now) == 10) {
    queue.push(10, 10, "urgent", now);
    now += Millis(10);
    ASSERT_LE(now, kStart + kMaxWait + Millis(20));
  }
  EXPECT_GE(now, kStart + kMaxWait);
}

}  // namespace
}  // namespace troupe
