#include <csignal>
#include <cstring>

#include "codec/json.hpp"
#include "executor/exec/exec_job.hpp"
#include "executor/text.hpp"
#include "troupe/base/assert.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

constexpr std::size_t kQuotedBytes = 500;
// The outputs become a member of other documents; their depth must fit these as well.
constexpr std::size_t kValueDepth = limits::kJsonDepth - 8;

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  std::string text = name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
  if (signal == SIGXCPU) text += " (its CPU time limit)";
  if (signal == SIGXFSZ) text += " (its file size limit)";
  if (signal == SIGKILL) text += " (perhaps a limit of CPU time, or the machine ran out of memory)";
  return text;
}

Error command_failed(const ExecJob& job) {
  const ExitStatus& exit = *job.exit;
  std::string message = "the command '" + job.command.name + "' " +
                        (exit.by_signal ? "was killed by " + signal_text(exit.value)
                                        : "ended with exit code " + std::to_string(exit.value));
  std::string tail = one_line(text_tail(job.output.err(), kQuotedBytes));
  tail.erase(tail.find_last_not_of(' ') + 1);
  if (!tail.empty()) message += ": " + tail;
  return Error{ErrorCode::command_failed, std::move(message), true, {}};
}

}  // namespace

Result<TaskOutputs> exec_outputs(ExecJob& job, BlobStore& blobs, const AssetBounds& bounds) {
  if (job.failure) return *job.failure;
  TROUPE_ASSERT(job.exit, "a job without failure has ended");
  if (job.exit->by_signal || job.exit->value != 0) return command_failed(job);

  Json outputs = {
      {"exit_code", 0}, {"stdout", to_utf8(job.output.out())}, {"stderr", text_tail(job.output.err(), kStderrBytes)}};
  if (auto value = parse_json(job.output.out(), kValueDepth)) outputs["json"] = std::move(*value);
  TaskOutputs result{to_document(outputs), {}};
  if (result.outputs.size() > limits::kOutputBytes)
    return Error{ErrorCode::output_too_large,
                 "the command '" + job.command.name + "' gave " + std::to_string(result.outputs.size()) +
                     " bytes of outputs, the limit is " + std::to_string(limits::kOutputBytes),
                 false,
                 {}};
  auto assets = store_assets(job.folder.out(), blobs, bounds, job.stop_asked);
  if (!assets) return assets.error();
  result.assets = std::move(*assets);
  return result;
}

}  // namespace troupe
