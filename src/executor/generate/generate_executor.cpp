#include "executor_generate/generate_executor.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "codec/json.hpp"
#include "executor_generate/picture.hpp"
#include "executor_generate/progress.hpp"
#include "executor_generate/request.hpp"

namespace troupe {

using generate::Picture;
using generate::Progress;
using generate::Request;

/// A task from start() to done().
struct GenerateExecutor::Work {
  TaskKey key;
  std::string step;
  Request request;
  std::shared_ptr<TaskSink> sink;
  std::atomic<bool> stopped{false};
};

namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

Error cancelled() { return {ErrorCode::cancelled, "The task was stopped.", false, {}}; }

TaskOutcome failed(Error error) { return {std::move(error), {}}; }

/// Piece by piece, so that a stop need not wait for a large file.
Result<BlobInfo> store(BlobStore& blobs, std::string_view bytes, const std::atomic<bool>& stopped) {
  auto sink = blobs.create();
  if (!sink) return std::move(sink).error();
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPieceBytes, bytes.size()))) {
    if (stopped) return cancelled();
    if (auto written = (*sink)->write(bytes.substr(0, kPieceBytes)); !written) return std::move(written).error();
  }
  return (*sink)->finish();
}

Result<NewAsset> make_asset(BlobStore& blobs, const Request& request, const std::string& step, int ordinal, Progress& progress,
                            const std::atomic<bool>& stopped) {
  Picture picture(request, ordinal);
  progress.begin(ordinal, picture.canvas());
  if (!picture.paint(progress)) return cancelled();
  const auto image = picture.develop(progress);
  if (!image) return cancelled();
  const auto png = picture.encode(*image, progress);
  if (!png) return png.error();
  const auto blob = store(blobs, *png, stopped);
  if (!blob) return blob.error();
  progress.finish(ordinal);
  return NewAsset{step + "-" + std::to_string(ordinal) + ".png",
                  "image/png",
                  blob->bytes,
                  blob->sha256,
                  static_cast<std::uint32_t>(request.width),
                  static_cast<std::uint32_t>(request.height)};
}

Document outputs_of(const Request& request) {
  return to_document(Json{{"seed", request.seed}, {"style", style_text(request.style)}, {"count", request.count}});
}

}  // namespace

std::vector<Fault> GenerateOptions::validate() const {
  std::vector<Fault> faults;
  const auto check = [&](const char* name, int value, int low, int high) {
    if (value >= low && value <= high) return;
    faults.push_back({std::string("/") + name, std::string(name) + " is " + std::to_string(value) + "; allowed are " +
                                                   std::to_string(low) + " to " + std::to_string(high)});
  };
  check("threads", threads, 1, 64);
  check("queue_max", queue_max, 1, 100'000);
  check("nice", nice, 0, 19);
  return faults;
}

GenerateExecutor::GenerateExecutor(BlobStore& blobs, Clock& clock, GenerateOptions options)
    : blobs_(blobs), clock_(clock), options_(options) {
  TROUPE_ASSERT(options_.validate().empty(), "options are validated before they are used");
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { serve(); });
}

GenerateExecutor::~GenerateExecutor() {
  std::deque<WorkPtr> abandoned;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    abandoned.swap(waiting_);
    for (const WorkPtr& work : running_) work->stopped = true;
  }
  changed_.notify_all();
  for (const WorkPtr& work : abandoned) work->sink->done(failed(cancelled()));
  for (std::thread& thread : threads_) thread.join();
}

void GenerateExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  auto request = generate::parse_request(task.config);
  if (!request) return sink->done(failed(std::move(request).error()));
  auto work = std::make_shared<Work>();
  work->key = task.key;
  work->step = std::move(task.step);
  work->request = std::move(*request);
  work->sink = sink;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < static_cast<std::size_t>(options_.queue_max)) {
      waiting_.push_back(std::move(work));
      changed_.notify_one();
      return;
    }
  }
  sink->done(failed({ErrorCode::overloaded, "Too many generate tasks wait on this node.", true, {}}));
}

void GenerateExecutor::stop(const TaskKey& key) {
  std::vector<WorkPtr> withdrawn;
  {
    const std::lock_guard lock(mutex_);
    for (const WorkPtr& work : running_) {
      if (work->key == key) work->stopped = true;
    }
    const auto last = std::stable_partition(waiting_.begin(), waiting_.end(),
                                            [&](const WorkPtr& work) { return work->key != key; });
    withdrawn.assign(last, waiting_.end());
    waiting_.erase(last, waiting_.end());
  }
  for (const WorkPtr& work : withdrawn) work->sink->done(failed(cancelled()));
}

void GenerateExecutor::serve() {
  // On Linux a thread has a nice value of its own. If it is refused the pictures are painted all the same.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.nice));
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const WorkPtr work = waiting_.front();
    waiting_.pop_front();
    const auto place = running_.insert(running_.end(), work);
    lock.unlock();
    TaskOutcome outcome = carry_out(*work);
    lock.lock();
    running_.erase(place);
    lock.unlock();
    work->sink->done(std::move(outcome));
    lock.lock();
  }
}

TaskOutcome GenerateExecutor::carry_out(Work& work) {
  try {
    Progress progress(*work.sink, clock_, work.stopped, work.request.count);
    TaskOutputs outputs;
    outputs.outputs = outputs_of(work.request);
    for (int ordinal = 1; ordinal <= work.request.count; ++ordinal) {
      auto asset = make_asset(blobs_, work.request, work.step, ordinal, progress, work.stopped);
      if (!asset) return failed(std::move(asset).error());
      outputs.assets.push_back(std::move(*asset));
    }
    return {std::move(outputs), {}};
  } catch (const std::exception& e) {  // memory ran out
    return failed({ErrorCode::executor_failed, std::string("The pictures could not be painted: ") + e.what(), true, {}});
  }
}

}  // namespace troupe
