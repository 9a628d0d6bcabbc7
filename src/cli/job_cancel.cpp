// `troupe job cancel JOB`
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"

namespace troupe::cli {

void add_job_cancel(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("cancel", "Stop a job; running work is stopped too");
  auto job = std::make_shared<JobRefOptions>();
  auto reason = std::make_shared<std::string>();
  job->add_to(*command);
  command->add_option("--reason", *reason, "Why; kept in the audit trail");
  command->callback([&session, job, reason] {
    session.command = [&session, job, reason] {
      Json body = Json::object();
      if (!reason->empty()) body["reason"] = *reason;
      return session.show(session.api().post(job->target("/cancel"), body), print_job_change);
    };
  });
}

}  // namespace troupe::cli
