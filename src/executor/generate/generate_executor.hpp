// The executor of `generate` steps: Troupe's stand-in for an image model. It paints procedural art on threads of its own
// and needs no GPU, network or model, so that a first workflow has real pictures to show and to approve.
//
// Outputs `{"seed": …, "style": …, "count": …}` and one asset a picture, named STEP-ORDINAL.png. Deterministic in the
// config. Errors: invalid_config; cancelled; what the blob store reports, unchanged; overloaded (retryable) when more
// tasks wait than options.queue_max.
#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "troupe/base/clock.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

struct GenerateOptions {
  int threads = 1;     ///< tasks painted at once, 1 … 64; each may hold 150 MB for pictures of the largest size
  int queue_max = 256; ///< tasks that may wait, 1 … 100,000; the worker's slots normally keep it far below
  int nice = 5;        ///< 0 … 19: how far the painting threads stand back behind the server's own

  /// Every fault at once; empty if it can be used.
  std::vector<Fault> validate() const;
};

class GenerateExecutor final : public Executor {
 public:
  /// Both must outlive it. The options must be valid.
  GenerateExecutor(BlobStore& blobs, Clock& clock, GenerateOptions options = {});
  /// Stops everything; every sink has had its done() when this returns.
  ~GenerateExecutor() override;

  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;

 private:
  struct Work;
  using WorkPtr = std::shared_ptr<Work>;

  void serve();
  TaskOutcome carry_out(Work& work);

  BlobStore& blobs_;
  Clock& clock_;
  const GenerateOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::deque<WorkPtr> waiting_;
  std::list<WorkPtr> running_;
  std::vector<std::thread> threads_;
};

}  // namespace troupe
