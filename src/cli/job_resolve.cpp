// `troupe job resolve JOB STEP DECISION`
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"
#include "cli/json_option.hpp"

namespace troupe::cli {
namespace {

struct JobResolve {
  JobRefOptions job;
  std::string step, decision, output, comment;
  std::optional<std::uint32_t> item;
};

int resolve(Session& session, const JobResolve& options) {
  Json body = {{"decision", options.decision}};
  if (options.item) body["item"] = *options.item;
  if (!options.comment.empty()) body["comment"] = options.comment;
  if (!options.output.empty()) {
    auto output = json_or_text("--output", options.output);
    if (!output) return session.fail(output.error(), kWrongUse);
    body["output"] = *std::move(output);
  }
  const ApiAnswer job = session.api().get(options.job.target());
  if (!job.ok()) return session.fail(job);
  const Target target = newest_run_of(job.body).literal("/steps").segment(options.step).literal("/resolve");
  return session.show(session.api().post(target.text(), body), print_job_change);
}

}  // namespace

void add_job_resolve(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("resolve", "Decide about an attempt of a job's step that is in doubt");
  auto options = std::make_shared<JobResolve>();
  options->job.add_to(*command);
  command->add_option("STEP", options->step, "The step's name")->required();
  command
      ->add_option("DECISION", options->decision,
                   "done: it was done; repeat: do it again; failed: it was not done and shall not be")
      ->required()
      ->check(CLI::IsMember({"done", "repeat", "failed"}));
  command->add_option("--item", options->item, "Which item of a for_each, where several are in doubt");
  command->add_option("--output", options->output,
                      "With done, what the step gave: JSON, or text that does not begin like it");
  command->add_option("--comment", options->comment, "Why; kept in the audit trail");
  command->callback(
      [&session, options] { session.command = [&session, options] { return resolve(session, *options); }; });
}

}  // namespace troupe::cli
