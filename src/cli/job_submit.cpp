// `troupe job submit WORKFLOW`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/job_view.hpp"
#include "cli/work_options.hpp"

namespace troupe::cli {
namespace {

struct Submission {
  WorkOptions work;
  std::string job_id, idempotency_key;
  bool wait = false, watch = false;
};

int submit(Session& session, const Submission& submission) {
  auto body = submission.work.body(session.terminal.in);
  if (!body) return session.fail(body.error(), kWrongUse);
  if (!submission.job_id.empty()) (*body)["job_id"] = submission.job_id;
  HeaderList headers;
  if (!submission.idempotency_key.empty()) headers.emplace_back("Idempotency-Key", submission.idempotency_key);
  const ApiAnswer answer = session.api().post("/v1/jobs", *body, std::move(headers));
  if (!answer.ok()) return session.fail(answer);

  std::string id = member_text(answer.body, "id");
  if (id.empty()) id = member_text(answer.body, "job_id");
  if (submission.wait) return wait_for_job(session, id, {});
  if (session.json && !submission.watch) session.print_json(answer.body);
  if (!session.json) print_job_change(session.terminal, answer.body);
  return submission.watch ? watch_job(session, id, {}) : kDone;
}

}  // namespace

void add_job_submit(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("submit", "Submit a job; it is stored when this returns");
  auto options = std::make_shared<Submission>();
  options->work.add_to(*command);
  command->add_option("--job-id", options->job_id, "An id of your own; the same id and body again is the same job");
  command->add_option("--idempotency-key", options->idempotency_key, "The same key again gives the first answer again");
  auto* wait =
      command->add_flag("--wait", options->wait, "Wait for the end and show the job; exits 1 if it did not succeed");
  command->add_flag("--watch", options->watch, "Show the job live until it ends")->excludes(wait);
  command->callback(
      [&session, options] { session.command = [&session, options] { return submit(session, *options); }; });
}

}  // namespace troupe::cli
