#include "executor/exec/exec_executor.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "executor/exec/exec_guard.hpp"
#include "executor/exec/exec_job.hpp"
#include "executor/exec/reaper.hpp"
#include "troupe/base/assert.hpp"

namespace troupe {

/// Two threads: the reaper has the processes, the collector stores what they left (which blocks on the disk) and tells
/// the sinks.
class ExecExecutor::Runner {
 public:
  using JobPtr = std::shared_ptr<ExecJob>;

  Runner(ExecOptions options, BlobStore& blobs, Clock& clock, std::unique_ptr<ExecGuard> guard)
      : options_(std::move(options)),
        blobs_(blobs),
        collector_([this] { collect(); }),
        reaper_(std::make_unique<Reaper>(options_, clock, std::move(guard),
                                         [this](JobPtr job) { on_ended(std::move(job)); })) {}

  ~Runner() {
    {
      std::lock_guard lock(mutex_);
      for (const auto& [key, job] : jobs_) job->stop_asked = true;
    }
    reaper_.reset();
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_one();
    collector_.join();
  }

  void start(Task task, std::shared_ptr<TaskSink> sink) {
    auto config = read_exec_config(task.config);
    if (!config) return sink->done({config.error(), {}});
    const ExecCommand* command = options_.find(config->command);
    if (command == nullptr)
      return sink->done({Error{ErrorCode::command_unknown,
                               "the command '" + config->command + "' is not in the server's list",
                               false,
                               {}},
                         {}});
    if (auto allowed = check_environment(*config, *command); !allowed) return sink->done({allowed.error(), {}});

    const TaskKey key = task.key;
    auto job = std::make_shared<ExecJob>(std::move(task), std::move(sink), std::move(*config), *command);
    {
      std::lock_guard lock(mutex_);
      TROUPE_ASSERT(jobs_.emplace(key, job).second, "a task is started once");
    }
    reaper_->add(std::move(job));
  }

  void stop(const TaskKey& key) {
    {
      std::lock_guard lock(mutex_);
      const auto found = jobs_.find(key);
      if (found == jobs_.end()) return;
      found->second->stop_asked = true;
    }
    reaper_->wake();
  }

 private:
  void on_ended(JobPtr job) {
    {
      std::lock_guard lock(mutex_);
      ended_.push_back(std::move(job));
    }
    changed_.notify_one();
  }

  void collect() {
    while (true) {
      JobPtr job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return closing_ || !ended_.empty(); });
        if (ended_.empty()) return;
        job = std::move(ended_.front());
        ended_.pop_front();
      }
      finish(*job);
    }
  }

  void finish(ExecJob& job) {
    auto outputs = exec_outputs(job, blobs_, {options_.assets_max, options_.asset_bytes_max});
    job.folder = WorkFolder();
    {
      std::lock_guard lock(mutex_);
      jobs_.erase(job.task.key);
    }
    job.sink->done({std::move(outputs), job.output.take_log()});
  }

  const ExecOptions options_;
  BlobStore& blobs_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TaskKey, JobPtr> jobs_;
  std::deque<JobPtr> ended_;
  bool closing_ = false;

  std::thread collector_;
  std::unique_ptr<Reaper> reaper_;
};

Result<std::unique_ptr<ExecExecutor>> ExecExecutor::make(ExecOptions options, BlobStore& blobs, Clock& clock) {
  if (auto faults = options.validate(); !faults.empty())
    return Error{ErrorCode::invalid_configuration, "exec: " + faults[0].pointer + " " + faults[0].message, false,
                 faults};
  if (auto prepared = prepare_work_root(options.work_dir); !prepared) return prepared.error();
  auto guard = ExecGuard::start();
  if (!guard) return guard.error();
  auto runner = std::make_unique<Runner>(std::move(options), blobs, clock, *std::move(guard));
  return std::unique_ptr<ExecExecutor>(new ExecExecutor(std::move(runner)));
}

ExecExecutor::ExecExecutor(std::unique_ptr<Runner> runner) : runner_(std::move(runner)) {}
ExecExecutor::~ExecExecutor() = default;

void ExecExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  runner_->start(std::move(task), std::move(sink));
}
void ExecExecutor::stop(const TaskKey& key) { runner_->stop(key); }

}  // namespace troupe
