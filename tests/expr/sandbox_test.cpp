#include "expr/sandbox.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// Works until it is released, by its interrupt or by the test.
class StubbornJob final : public SandboxJob {
 public:
  explicit StubbornJob(bool heeds_interrupt) : heeds_interrupt_(heeds_interrupt) {}

  void run() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return released_; });
    ended_ = true;
    changed_.notify_all();
  }
  void interrupt() override {
    if (heeds_interrupt_) release();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  bool ends() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [this] { return ended_; });
  }

 private:
  const bool heeds_interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  bool ended_ = false;
};

TEST(Sandbox, WaitsForAJobThatHeedsItsInterrupt) {
  auto job = std::make_shared<StubbornJob>(true);
  EXPECT_EQ(run_in_sandbox(job, 5ms), SandboxEnd::done);
}

TEST(Sandbox, LeavesAJobAloneThatDoesNotAndLetsItEndByItself) {
  auto job = std::make_shared<StubbornJob>(false);
  EXPECT_EQ(run_in_sandbox(job, 5ms), SandboxEnd::abandoned);
  job->release();
  EXPECT_TRUE(job->ends());
}

class RecursiveJob final : public SandboxJob {
 public:
  void run() override { reached = recurse(100'000); }
  void interrupt() override {}
  int reached = 0;

 private:
  static int recurse(int depth) {
    volatile char frame[1'000] = {};  // 100 MB in all, far more than a thread usually has
    return depth == 0 ? frame[0] : 1 + recurse(depth - 1) + frame[1];
  }
};

TEST(Sandbox, HasAStackForDeepRecursion) {
  auto job = std::make_shared<RecursiveJob>();
  EXPECT_EQ(run_in_sandbox(job, 10s), SandboxEnd::done);
  EXPECT_EQ(job->reached, 100'000);
}

}  // namespace
}  // namespace troupe
