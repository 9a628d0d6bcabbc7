// Step type `exec`: runs one of the commands that the configuration lists, without a shell. See exec_config.hpp for
// what it takes, exec_job.hpp for what it gives, output_lines.hpp for how a command reports progress.
//
// A command gets a process group, a clean environment (PATH, HOME, TMPDIR, LANG, TRACEPARENT, TROUPE_JOB_ID, _RUN_ID,
// _STEP, _ITEM, _ATTEMPT, _OUTPUT_DIR and what the configuration and the step set), limits, no descriptor but its three
// streams, and a folder that is removed afterwards. The files it leaves in TROUPE_OUTPUT_DIR become assets.
//
// When the command ends, so does what it left running in its group, also where it ends with the server: the kernel
// kills the command then, and the guard (exec_guard.hpp) its group. A process that makes a group of its own (setsid)
// gets away from both; it is no longer waited for after a second.
#pragma once

#include <memory>

#include "executor/exec/exec_command.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

class ExecExecutor final : public Executor {
 public:
  /// Makes the work directory, removes what dead processes left in it, and starts the guard. Fails with
  /// invalid_configuration, io_failed or executor_failed (the guard).
  static Result<std::unique_ptr<ExecExecutor>> make(ExecOptions options, BlobStore& blobs, Clock& clock);
  /// Kills what runs; every sink has been told when it returns.
  ~ExecExecutor() override;

  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;

 private:
  class Runner;
  explicit ExecExecutor(std::unique_ptr<Runner> runner);

  std::unique_ptr<Runner> runner_;
};

}  // namespace troupe
