#include "actors/node/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>

namespace troupe::test {
namespace {

TEST(BlockingPoolTest, AFunctionThatThrowsIsToldAndTheThreadGoesOn) {
  BlockingPool pool(1, 10);
  std::promise<std::string> told;
  pool.on_fault([&](const char* what) { told.set_value(what); });
  EXPECT_TRUE(pool.run([] { throw std::runtime_error("a fault of ours"); }));
  EXPECT_EQ(told.get_future().get(), "a fault of ours");
  std::promise<void> done;
  EXPECT_TRUE(pool.run([&] { done.set_value(); }));
  done.get_future().get();
}

TEST(BlockingPoolTest, RefusesRequestsBeyondItsBoundAndNotTheNodesOwnWork) {
  std::promise<void> release;
  std::atomic<int> done{0};
  BlockingPool pool(1, 2);
  std::promise<void> begun;
  ASSERT_TRUE(pool.run([&] {
    begun.set_value();
    release.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_EQ(pool.busy(), 1u);
  EXPECT_TRUE(pool.run([&] { ++done; }));
  EXPECT_TRUE(pool.run([&] { ++done; }));
  EXPECT_FALSE(pool.run([&] { ++done; }));
  pool.run_always([&] { ++done; });
  EXPECT_EQ(pool.queued(), 3u);
  release.set_value();
  pool.close();
  EXPECT_EQ(done, 3);
  EXPECT_EQ(pool.busy(), 0u);
}

}  // namespace
}  // namespace troupe::test
