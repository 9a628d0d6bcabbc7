// `troupe job signal JOB NAME`
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"
#include "cli/json_option.hpp"

namespace troupe::cli {
namespace {

struct Signal {
  JobRefOptions job;
  std::string name, payload;
};

int send_signal(Session& session, const Signal& options) {
  Json body = Json::object();
  if (!options.payload.empty()) {
    auto payload = json_or_text("--payload", options.payload);
    if (!payload) return session.fail(payload.error(), kWrongUse);
    body["payload"] = *std::move(payload);
  }
  const ApiAnswer job = session.api().get(options.job.target());
  if (!job.ok()) return session.fail(job);
  return session.show(
      session.api().post(newest_run_of(job.body).literal("/signals").segment(options.name).text(), body),
      print_job_change);
}

}  // namespace

void add_job_signal(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("signal", "Send a job's run a signal that a step of it waits for");
  auto options = std::make_shared<Signal>();
  options->job.add_to(*command);
  command->add_option("NAME", options->name, "The signal's name")->required();
  command->add_option("--payload", options->payload, "JSON, or text that does not begin like it");
  command->callback(
      [&session, options] { session.command = [&session, options] { return send_signal(session, *options); }; });
}

}  // namespace troupe::cli
