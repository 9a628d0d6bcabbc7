// The ports that the actors' tests do not look at, and a clock that stands still until it is told to move.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "support/silent_ports.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::test {

class ManualClock final : public Clock {
 public:
  Timestamp now() override { return from_unix_ms(ms_); }
  Millis monotonic() override { return Millis(ms_); }
  void advance(Millis time) { ms_ += time.count(); }

 private:
  std::atomic<std::int64_t> ms_{1'800'000'000'000};
};

/// Never the same number twice, the same ones in every test.
class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return (count_ += 1) * 0x9E3779B97F4A7C15ULL; }

 private:
  std::atomic<std::uint64_t> count_{0};
};

/// What was told of actors, of steps and of schedules.
class ActorMetrics final : public SilentMetrics {
 public:
  std::map<std::string, bool, std::less<>> up;
  std::map<std::string, int, std::less<>> restarts;
  std::map<StepType, Duration> took;                                    ///< the last of each type
  std::map<std::string, std::vector<Duration>, std::less<>> schedules;  ///< by outcome: how late

  void step_ended(StepType type, Status, Duration since_started) override {
    const std::lock_guard lock(mutex_);
    took[type] = since_started;
  }
  void schedule_came(std::string_view outcome, Duration late) override {
    const std::lock_guard lock(mutex_);
    schedules[std::string(outcome)].push_back(late);
  }
  void worker_up(std::string_view worker, bool is_up) override {
    const std::lock_guard lock(mutex_);
    up[std::string(worker)] = is_up;
  }
  void actor_restarted(std::string_view kind) override {
    const std::lock_guard lock(mutex_);
    ++restarts[std::string(kind)];
  }

 private:
  std::mutex mutex_;
};

/// Nothing in these tests is large enough for the blob store.
class NoBlobs final : public BlobStore {
 public:
  Result<std::unique_ptr<BlobSink>> create() override { return none(); }
  Result<std::unique_ptr<BlobSource>> open(const Digest&) override { return none(); }
  Result<bool> contains(const Digest&) override { return false; }
  Result<std::string> owner() override { return std::string(); }
  Result<Done> set_owner(const std::string&) override { return Done{}; }
  Result<Done> for_each_stored_before(Timestamp, const std::function<Result<Done>(const Digest&)>&) override {
    return Done{};
  }
  Result<bool> remove_if_stored_before(Timestamp, const Digest&) override { return false; }
  std::string location(const Digest&) const override { return {}; }

 private:
  static Error none() { return {ErrorCode::io_failed, "this test has no blob store", false, {}}; }
};

}  // namespace troupe::test
