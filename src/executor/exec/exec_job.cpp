#include "executor/exec/exec_job.hpp"

#include "executor/text.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

constexpr std::string_view kLogCut = "\n(the log is cut here: it is above the limit)\n";

}  // namespace

void ExecOutput::on_stdout(std::string_view bytes) {
  if (too_large_) return;
  too_large_ = out_.size() + bytes.size() > limits::kOutputBytes;
  if (!too_large_) out_ += bytes;
  log("stdout", out_lines_.take(bytes));
}

void ExecOutput::on_stderr(std::string_view bytes) { log_stderr(err_lines_.take(bytes)); }

void ExecOutput::finish() {
  log("stdout", out_lines_.take_rest());
  log_stderr(err_lines_.take_rest());
}

void ExecOutput::log_stderr(std::string_view lines) {
  std::string kept;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::size_t next = std::min(end + 1, lines.size());
    if (const auto progress = parse_progress(lines.substr(0, end)))
      sink_.progress(progress->fraction, progress->message);
    else
      kept += lines.substr(0, next);
    lines.remove_prefix(next);
  }
  err_ += kept;
  // A byte more than is shown of it, so that it is seen to be shortened.
  if (err_.size() > 2 * kStderrBytes) err_.erase(0, err_.size() - kStderrBytes - 1);
  log("stderr", kept);
}

void ExecOutput::log(std::string_view stream, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string text = to_utf8(bytes);
  sink_.log(stream, text);
  if (log_cut_) return;
  log_cut_ = log_.size() + text.size() + kLogCut.size() > limits::kLogBytes;
  log_ += log_cut_ ? kLogCut : std::string_view(text);
}

ProcessPlan make_plan(const ExecJob& job) {
  ProcessPlan plan;
  plan.program = job.command.program;
  plan.args = job.command.args;
  plan.args.insert(plan.args.end(), job.config.args.begin(), job.config.args.end());
  plan.working_dir = job.command.working_dir.empty() ? job.folder.tmp() : job.command.working_dir;
  plan.input = job.config.input;
  plan.limits = job.command.limits;

  std::map<std::string, std::string> env = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"HOME", job.folder.tmp()},
      {"TMPDIR", job.folder.tmp()},
      {"LANG", "C.UTF-8"},
  };
  for (const auto* layer : {&job.config.env, &job.command.env})
    for (const auto& [name, value] : *layer) env[name] = value;
  env["TROUPE_JOB_ID"] = to_string(job.task.job);
  env["TROUPE_RUN_ID"] = to_string(job.task.key.run);
  env["TROUPE_STEP"] = job.task.step;
  env["TROUPE_ITEM"] = std::to_string(job.task.key.item);
  env["TROUPE_ATTEMPT"] = std::to_string(job.task.key.attempt);
  env["TROUPE_OUTPUT_DIR"] = job.folder.out();
  if (!job.task.traceparent.empty()) env["TRACEPARENT"] = job.task.traceparent;
  for (const auto& [name, value] : env) plan.env.push_back(name + "=" + value);
  return plan;
}

}  // namespace troupe
