// One task of the exec executor, from its acceptance to its outcome. Touched by one thread at a time: start(), then the
// reaper, then the collector; only `stop_asked` is set from outside.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "executor/exec/exec_config.hpp"
#include "executor/exec/output_lines.hpp"
#include "executor/exec/process.hpp"
#include "executor/exec/work_folder.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

/// How the process ended.
struct ExitStatus {
  bool by_signal = false;
  int value = 0;  ///< exit code, or signal
};

constexpr std::size_t kStderrBytes = 64 << 10;  ///< its end, as an outcome shows it

/// Keeps what a program writes to its two streams, and tells the sink.
class ExecOutput {
 public:
  explicit ExecOutput(TaskSink& sink) : sink_(sink) {}

  void on_stdout(std::string_view bytes);
  void on_stderr(std::string_view bytes);
  /// Both streams have ended.
  void finish();

  bool too_large() const { return too_large_; }  ///< stdout is above limits::kOutputBytes
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }  ///< the last kStderrBytes at least, without progress lines
  std::string take_log() { return std::move(log_); }

 private:
  void log_stderr(std::string_view lines);
  void log(std::string_view stream, std::string_view text);

  TaskSink& sink_;
  OutputLines out_lines_, err_lines_;
  std::string out_, err_, log_;
  bool too_large_ = false;
  bool log_cut_ = false;
};

struct ExecJob {
  ExecJob(Task the_task, std::shared_ptr<TaskSink> the_sink, ExecConfig the_config, const ExecCommand& the_command)
      : task(std::move(the_task)),
        sink(std::move(the_sink)),
        config(std::move(the_config)),
        command(the_command),
        output(*sink) {}

  const Task task;
  const std::shared_ptr<TaskSink> sink;
  const ExecConfig config;
  const ExecCommand& command;
  std::atomic<bool> stop_asked{false};

  WorkFolder folder;
  Process process;
  ExecOutput output;

  std::optional<Error> failure;    ///< why it was not started, or was ended by us
  std::optional<ExitStatus> exit;  ///< set once it was reaped
};

/// The environment, streams and limits for the job's program. Its folder must have been made.
ProcessPlan make_plan(const ExecJob& job);

/// What the task gives; stores the files it wrote. Blocks.
///
///   exit_code, stdout, stderr (at most the last 64 KiB), json (when stdout is JSON); assets
Result<TaskOutputs> exec_outputs(ExecJob& job, BlobStore& blobs, const AssetBounds& bounds);

}  // namespace troupe
