// `troupe job get JOB`
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"

namespace troupe::cli {

void add_job_get(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("get", "Show a job with its steps, outputs and error");
  auto job = std::make_shared<JobRefOptions>();
  job->add_to(*command);
  command->callback([&session, job] {
    session.command = [&session, job] { return session.show(session.api().get(job->target()), print_job); };
  });
}

}  // namespace troupe::cli
