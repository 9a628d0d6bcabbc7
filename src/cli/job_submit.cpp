// `troupe job submit WORKFLOW`
#include "cli/assignments.hpp"
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/job_view.hpp"

namespace troupe::cli {
namespace {

struct Submission {
  std::string workflow, inputs_file, job_id, client, callback_url, timeout, idempotency_key;
  std::vector<std::string> inputs, metadata;
  int priority = 0, version = 0;  ///< 0: not given
  bool wait = false, watch = false;

  Result<Json> body(std::istream& in) const;
};

Result<Json> Submission::body(std::istream& in) const {
  Json from_file = Json::object();
  if (!inputs_file.empty()) {
    auto read = read_object(inputs_file, in);
    if (!read) return read.error();
    from_file = std::move(*read);
  }
  auto all_inputs = read_assignments(inputs, std::move(from_file));
  if (!all_inputs) return all_inputs.error();
  auto all_metadata = read_assignments(metadata);
  if (!all_metadata) return all_metadata.error();

  Json body = {{"workflow_key", workflow}, {"inputs", std::move(*all_inputs)}};
  if (!all_metadata->empty()) body["metadata"] = std::move(*all_metadata);
  if (!job_id.empty()) body["job_id"] = job_id;
  if (!client.empty()) body["client_id"] = client;
  if (!callback_url.empty()) body["callback_url"] = callback_url;
  if (priority != 0) body["priority"] = priority;
  if (version != 0) body["workflow_version"] = version;
  if (!timeout.empty()) {
    const auto duration = parse_duration(timeout);
    if (!duration) return Error{ErrorCode::wrong_usage, "'" + timeout + "' is no duration like 30s or 5m", false, {}};
    body["timeout_seconds"] = static_cast<double>(duration->count()) / 1e3;
  }
  return body;
}

int submit(Session& session, const Submission& submission) {
  const auto body = submission.body(session.terminal.in);
  if (!body) return session.fail(body.error(), kWrongUse);
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
  command->add_option("WORKFLOW", options->workflow, "Key of the workflow")->required();
  command
      ->add_option("-i,--input", options->inputs, "One input, KEY=VALUE: JSON if it parses, else a string; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("--inputs", options->inputs_file, "Inputs as a JSON object; - reads standard input")
      ->type_name("FILE");
  command->add_option("--job-id", options->job_id, "An id of your own; the same id and body again is the same job");
  command->add_option("--client", options->client, "The client, where the token does not say");
  command->add_option("--priority", options->priority, "1 to 10; 10 is most urgent")->check(CLI::Range(1, 10));
  command->add_option("--timeout", options->timeout, "Longest time of the whole run, like 5m")->type_name("DURATION");
  command->add_option("--metadata", options->metadata, "Kept with the job, KEY=VALUE; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("--workflow-version", options->version, "Instead of the newest")->check(CLI::PositiveNumber);
  command->add_option("--callback-url", options->callback_url, "Where the result is sent")->type_name("URL");
  command->add_option("--idempotency-key", options->idempotency_key, "The same key again gives the first answer again");
  auto* wait =
      command->add_flag("--wait", options->wait, "Wait for the end and show the job; exits 1 if it did not succeed");
  command->add_flag("--watch", options->watch, "Show the job live until it ends")->excludes(wait);
  command->callback(
      [&session, options] { session.command = [&session, options] { return submit(session, *options); }; });
}

}  // namespace troupe::cli
