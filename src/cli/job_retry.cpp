// `troupe job retry JOB`
#include "cli/assignments.hpp"
#include "cli/display.hpp"
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"

namespace troupe::cli {
namespace {

struct Retry {
  JobRefOptions job;
  std::string from_step, inputs_file;
  int version = 0;  ///< 0: not given
  bool watch = false;
};

int retry(Session& session, const Retry& options) {
  Json body = Json::object();
  if (!options.from_step.empty()) body["from_step"] = options.from_step;
  if (options.version != 0) body["workflow_version"] = options.version;
  if (!options.inputs_file.empty()) {
    auto inputs = read_object(options.inputs_file, session.terminal.in);
    if (!inputs) return session.fail(inputs.error(), kWrongUse);
    body["inputs"] = std::move(*inputs);
  }
  const ApiAnswer answer = session.api().post(options.job.target("/retry"), body);
  if (!answer.ok()) return session.fail(answer);
  if (session.json && !options.watch) session.print_json(answer.body);
  if (!session.json) print_job_change(session.terminal, answer.body);
  return options.watch ? watch_job(session, options.job.id, options.job.client) : kDone;
}

}  // namespace

void add_job_retry(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("retry", "Run a job again that has ended, wholly or from a step on");
  auto options = std::make_shared<Retry>();
  options->job.add_to(*command);
  command->add_option("--from-step", options->from_step, "Reuse the results of the steps before this one");
  command->add_option("--inputs", options->inputs_file, "Other inputs, as a JSON object; - reads standard input")
      ->type_name("FILE");
  command->add_option("--workflow-version", options->version, "Instead of the newest")->check(CLI::PositiveNumber);
  command->add_flag("--watch", options->watch, "Show the job live until it ends");
  command->callback([&session, options] { session.command = [&session, options] { return retry(session, *options); }; });
}

}  // namespace troupe::cli
