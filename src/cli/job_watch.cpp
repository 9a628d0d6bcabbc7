// `troupe job watch JOB`: live, until the job ends.
#include "cli/display.hpp"
#include "cli/event_stream.hpp"
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"
#include "cli/progress_view.hpp"

namespace troupe::cli {
namespace {

Json as_json(const ServerEvent& event) {
  auto data = parse_json(event.data);
  Json line = {{"event", event.kind}, {"data", data ? std::move(*data) : Json(printable(event.data))}};
  if (!event.id.empty()) line["id"] = event.id;
  return line;
}

}  // namespace

int watch_job(Session& session, const std::string& id, const std::string& client) {
  const std::string target = Target("/v1/jobs").segment(id).literal("/events").query("client_id", client).text();
  ProgressView view(session.terminal);
  if (session.terminal.interactive && !session.json)
    if (const ApiAnswer job = session.api().get(Target("/v1/jobs").segment(id).query("client_id", client).text());
        job.ok())
      view.begin(job.body);
  std::string status;
  EventStream events(session.api(), target);
  const auto take = [&](const ServerEvent& event) {
    const Json line = as_json(event);
    const Json& data = member(line, "data");
    if (event.kind == "status") status = member_text(data, "status");
    if (session.json)
      session.print_json(line);
    else
      view.on_event(event.kind, data);
    return status != "success" && status != "failed" && status != "cancelled";
  };
  const auto lost = [&] {
    if (!session.json) session.terminal.err << "the connection was lost; trying again" << std::endl;
  };
  const ApiAnswer answer = events.follow(take, lost);
  if (!session.json) view.finish();
  return answer.ok() ? exit_code_of_job(status) : session.fail(answer);
}

void add_job_watch(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("watch", "Show a job live until it ends; exits 1 if it does not succeed");
  auto job = std::make_shared<JobRefOptions>();
  job->add_to(*command);
  command->callback(
      [&session, job] { session.command = [&session, job] { return watch_job(session, job->id, job->client); }; });
}

}  // namespace troupe::cli
