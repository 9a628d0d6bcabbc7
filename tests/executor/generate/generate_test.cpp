// The executor: assets in the store, progress, previews, stopping, errors; done() exactly once.
#include "executor_generate/generate_executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>

#include "codec/json.hpp"
#include "crypto/hash.hpp"
#include "image/png.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// Blobs in a map. `refuse` makes every write fail.
class MemoryBlobs final : public BlobStore {
 public:
  Result<std::unique_ptr<BlobSink>> create() override { return std::unique_ptr<BlobSink>(new Sink(*this)); }
  Result<std::unique_ptr<BlobSource>> open(const Digest&) override { return {ErrorCode::not_found, "not needed here"}; }
  Result<bool> contains(const Digest& digest) override { return has(digest); }
  Result<std::string> owner() override { return std::string(); }
  Result<Done> set_owner(const std::string&) override { return Done{}; }
  Result<Done> for_each_stored_before(Timestamp, const std::function<Result<Done>(const Digest&)>&) override {
    return Done{};
  }
  Result<bool> remove_if_stored_before(Timestamp, const Digest&) override { return false; }
  std::string location(const Digest& digest) const override { return to_hex(digest); }

  bool has(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    return blobs_.count(digest) != 0;
  }
  std::string bytes(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    return blobs_.at(digest);
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return blobs_.size();
  }

  std::optional<Error> refuse;

 private:
  class Sink final : public BlobSink {
   public:
    explicit Sink(MemoryBlobs& blobs) : blobs_(blobs) {}
    Result<Done> write(std::string_view piece) override {
      if (blobs_.refuse) return *blobs_.refuse;
      bytes_ += piece;
      return Done{};
    }
    Result<BlobInfo> finish() override {
      const Digest digest = sha256(bytes_);
      const std::uint64_t size = bytes_.size();
      const std::lock_guard lock(blobs_.mutex_);
      blobs_.blobs_[digest] = std::move(bytes_);
      return BlobInfo{digest, size};
    }

   private:
    MemoryBlobs& blobs_;
    std::string bytes_;
  };

  std::mutex mutex_;
  std::map<Digest, std::string> blobs_;
};

/// Every look at it takes a millisecond.
class TickingClock final : public Clock {
 public:
  Timestamp now() override { return from_unix_ms(0); }
  Millis monotonic() override { return Millis(++ticks_); }
  Millis present() const { return Millis(ticks_.load()); }

 private:
  std::atomic<std::int64_t> ticks_{0};
};

/// Writes down what it is told; tests wait on it.
class RecordingSink final : public TaskSink {
 public:
  void progress(double fraction, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    fractions.push_back(fraction);
    messages.emplace_back(message);
    changed_.notify_all();
  }
  void preview(std::string_view media_type, std::string bytes) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(media_type, "image/png");
    previews.push_back(std::move(bytes));
    if (clock != nullptr) preview_times.push_back(clock->present());
    changed_.notify_all();
  }
  void log(std::string_view, std::string_view) override {}
  void done(TaskOutcome result) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(outcome) << "done() was called twice";
    outcome = std::move(result);
    done_at = std::chrono::steady_clock::now();
    changed_.notify_all();
  }

  bool wait_until(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, holds);
  }
  TaskOutcome wait_done() {
    EXPECT_TRUE(wait_until([&] { return outcome.has_value(); }));
    return *outcome;
  }
  Error wait_error() { return wait_done().result.error(); }

  std::vector<double> fractions;
  std::vector<std::string> messages;
  std::vector<std::string> previews;
  std::vector<Millis> preview_times;
  std::optional<TaskOutcome> outcome;
  std::chrono::steady_clock::time_point done_at;
  const TickingClock* clock = nullptr;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class GenerateTest : public testing::Test {
 protected:
  static Task task(std::string config, std::uint32_t item = 0) {
    Task task;
    task.key.item = item;
    task.step = "render";
    task.type = StepType::generate;
    task.config = Document(std::move(config));
    return task;
  }

  std::shared_ptr<RecordingSink> start(std::string config, std::uint32_t item = 0) {
    auto sink = std::make_shared<RecordingSink>();
    sink->clock = &clock_;
    executor_->start(task(std::move(config), item), sink);
    return sink;
  }

  static TaskKey key(std::uint32_t item = 0) { return task("{}", item).key; }

  static constexpr GenerateOptions kOptions{.threads = 1, .queue_max = 2, .nice = 0};

  MemoryBlobs blobs_;
  TickingClock clock_;
  std::unique_ptr<GenerateExecutor> executor_ = std::make_unique<GenerateExecutor>(blobs_, clock_, kOptions);
};

constexpr const char* kSmall = R"({"prompt": "two small pictures", "count": 2, "width": 96, "height": 64})";
constexpr const char* kLarge = R"({"prompt": "large pictures", "count": 8, "width": 2048, "height": 2048})";

TEST_F(GenerateTest, GivesOneStoredAssetAPicture) {
  const TaskOutcome outcome = start(kSmall)->wait_done();
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.error().message;
  const auto& assets = outcome.result->assets;
  ASSERT_EQ(assets.size(), 2U);
  for (std::size_t i = 0; i < assets.size(); ++i) {
    EXPECT_EQ(assets[i].name, "render-" + std::to_string(i + 1) + ".png");
    EXPECT_EQ(assets[i].media_type, "image/png");
    const std::string bytes = blobs_.bytes(assets[i].sha256);
    EXPECT_EQ(sha256(bytes), assets[i].sha256);
    EXPECT_EQ(bytes.size(), assets[i].bytes);
    const auto image = decode_png(bytes);
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(assets[i].width, 96U);
    EXPECT_EQ(image->width(), 96);
    EXPECT_EQ(assets[i].height, 64U);
    EXPECT_EQ(image->height(), 64);
  }
  EXPECT_NE(assets[0].sha256, assets[1].sha256);
}

TEST_F(GenerateTest, OutputsSayWhatMadeThePictures) {
  const TaskOutcome outcome =
      start(R"({"prompt": "x", "count": 1, "width": 64, "height": 64, "seed": 42, "style": "marble"})")->wait_done();
  ASSERT_TRUE(outcome.result.ok());
  EXPECT_EQ(outcome.result->outputs.view(), R"({"count":1,"seed":42,"style":"marble"})");
}

TEST_F(GenerateTest, TheSameConfigGivesTheSameBytes) {
  const auto first = start(kSmall), second = start(kSmall);
  ASSERT_TRUE(first->wait_done().result.ok());
  ASSERT_TRUE(second->wait_done().result.ok());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(first->outcome->result->assets[i].sha256, second->outcome->result->assets[i].sha256);
  }
  EXPECT_EQ(blobs_.size(), 2U);
}

TEST_F(GenerateTest, ProgressRisesFromNoughtToOneAndNamesTheImage) {
  const auto sink = start(R"({"prompt": "x", "count": 4, "width": 256, "height": 256})");
  ASSERT_TRUE(sink->wait_done().result.ok());
  ASSERT_GE(sink->fractions.size(), 8U);
  EXPECT_EQ(sink->fractions.front(), 0.0);
  EXPECT_EQ(sink->fractions.back(), 1.0);
  EXPECT_TRUE(std::is_sorted(sink->fractions.begin(), sink->fractions.end()));
  EXPECT_EQ(sink->messages.front(), "image 1 of 4");
  EXPECT_EQ(sink->messages.back(), "image 4 of 4");
}

TEST_F(GenerateTest, PreviewsAreSmallPicturesAtMostEightASecond) {
  const auto sink = start(R"({"prompt": "x", "count": 3, "width": 640, "height": 320, "style": "landscape"})");
  ASSERT_TRUE(sink->wait_done().result.ok());
  ASSERT_GE(sink->previews.size(), 3U);
  EXPECT_LE(sink->previews.size(), 12U);
  for (const std::string& preview : sink->previews) {
    const auto image = decode_png(preview);
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(image->width(), 192);
    EXPECT_EQ(image->height(), 96);
  }
  for (std::size_t i = 1; i < sink->preview_times.size(); ++i) {
    EXPECT_GE(sink->preview_times[i] - sink->preview_times[i - 1], 125ms);
  }
}

TEST_F(GenerateTest, ABadConfigIsRefusedWithoutRetry) {
  const auto sink = start(R"({"prompt": "x", "width": 5000})");
  EXPECT_EQ(sink->wait_error().code, ErrorCode::invalid_config);
  EXPECT_EQ(sink->wait_error().message, "width: 5000 is not a whole number from 64 to 2048");
  EXPECT_FALSE(sink->wait_error().retryable);
  EXPECT_TRUE(sink->fractions.empty());
}

TEST_F(GenerateTest, WhatTheStoreReportsIsPassedOnUnchanged) {
  blobs_.refuse = Error{ErrorCode::disk_full, "no room for 12 bytes", true, {}};
  EXPECT_EQ(start(kSmall)->wait_error(), *blobs_.refuse);
  blobs_.refuse.reset();
  EXPECT_TRUE(start(kSmall)->wait_done().result.ok());  // and the executor goes on
}

/// How long from stop() to done(), stopped as soon as `reached` says so.
Millis time_to_stop(GenerateExecutor& executor, RecordingSink& sink, const TaskKey& key,
                    const std::function<bool()>& reached) {
  EXPECT_TRUE(sink.wait_until(reached));
  const auto asked = std::chrono::steady_clock::now();
  executor.stop(key);
  EXPECT_EQ(sink.wait_error().code, ErrorCode::cancelled);
  return std::chrono::duration_cast<Millis>(sink.done_at - asked);
}

#ifdef __SANITIZE_ADDRESS__
constexpr Millis kStopWithin{1000};  // the sanitizers slow the painting down tenfold
#else
constexpr Millis kStopWithin{100};
#endif

class StopTest : public GenerateTest {
 protected:
  /// The best of three: a busy machine may take the processor away from us, but hardly three times.
  Millis best_time_to_stop(const std::string& style, double phase) {
    Millis best = 1h;
    for (int i = 0; i < 3 && best >= kStopWithin; ++i) {
      const auto sink =
          start(R"({"prompt": "x", "count": 2, "width": 2048, "height": 2048, "style": ")" + style + "\"}");
      best = std::min(best, time_to_stop(*executor_, *sink, key(),
                                         [&] { return !sink->fractions.empty() && sink->fractions.back() >= phase; }));
    }
    return best;
  }
};

TEST_F(StopTest, APaintingTaskStopsWithinATenthOfASecondInEveryStyle) {
  for (const char* style : {"flow", "landscape", "stained-glass", "marble", "bauhaus", "starry", "papercut"}) {
    EXPECT_LT(best_time_to_stop(style, 0.0), kStopWithin) << style << ", just begun";
    EXPECT_LT(best_time_to_stop(style, 0.01), kStopWithin) << style << ", at work";
  }
  EXPECT_EQ(blobs_.size(), 0U);
}

TEST_F(StopTest, AnEncodingTaskStopsWithinATenthOfASecond) {
  EXPECT_LT(best_time_to_stop("bauhaus", 0.4), kStopWithin);  // 0.4 of two pictures: the first is painted
  EXPECT_EQ(blobs_.size(), 0U);
}

TEST_F(GenerateTest, AWaitingTaskStopsAtOnceAndTheRunningOneGoesOn) {
  const auto running = start(kLarge, 1);
  ASSERT_TRUE(running->wait_until([&] { return !running->fractions.empty(); }));
  const auto waiting = start(kSmall, 2);
  executor_->stop(key(2));
  ASSERT_TRUE(waiting->outcome.has_value());  // before stop() returned
  EXPECT_EQ(waiting->wait_error().code, ErrorCode::cancelled);
  EXPECT_FALSE(running->outcome.has_value());
  executor_->stop(key(1));
  EXPECT_EQ(running->wait_error().code, ErrorCode::cancelled);
}

TEST_F(GenerateTest, StoppingAnUnknownOrFinishedTaskDoesNothing) {
  executor_->stop(key(9));
  const auto sink = start(kSmall);
  ASSERT_TRUE(sink->wait_done().result.ok());
  executor_->stop(key());
  EXPECT_TRUE(start(kSmall)->wait_done().result.ok());
}

TEST_F(GenerateTest, MoreTasksThanMayWaitAreRefusedAsRetryable) {
  const auto running = start(kLarge, 1);
  ASSERT_TRUE(running->wait_until([&] { return !running->fractions.empty(); }));
  const auto second = start(kSmall, 2), third = start(kSmall, 3), fourth = start(kSmall, 4);
  EXPECT_EQ(fourth->wait_error().code, ErrorCode::overloaded);
  EXPECT_TRUE(fourth->wait_error().retryable);
  executor_->stop(key(1));
  EXPECT_TRUE(second->wait_done().result.ok());
  EXPECT_TRUE(third->wait_done().result.ok());
}

TEST_F(GenerateTest, DestructionEndsEveryTaskAsCancelled) {
  const auto running = start(kLarge, 1);
  ASSERT_TRUE(running->wait_until([&] { return !running->fractions.empty(); }));
  const auto waiting = start(kLarge, 2);
  executor_.reset();
  ASSERT_TRUE(running->outcome && waiting->outcome);
  EXPECT_EQ(running->outcome->result.error().code, ErrorCode::cancelled);
  EXPECT_EQ(waiting->outcome->result.error().code, ErrorCode::cancelled);
}

TEST(GenerateOptions, ReportEveryFaultAtOnce) {
  EXPECT_TRUE(GenerateOptions{}.validate().empty());
  const auto faults = GenerateOptions{.threads = 0, .queue_max = 0, .nice = 20}.validate();
  ASSERT_EQ(faults.size(), 3U);
  EXPECT_EQ(faults[0].message, "threads is 0; allowed are 1 to 64");
}

}  // namespace
}  // namespace troupe
