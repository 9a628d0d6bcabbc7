// How the job commands name a job: an id, and for an id that its client chose, perhaps the client.
#pragma once

#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/target.hpp"

namespace troupe::cli {

struct JobRefOptions {
  std::string id;
  std::string client;

  void add_to(CLI::App& command) {
    command.add_option("JOB", id, "The job's UUID, or the job_id that its client chose")->required();
    command.add_option("--client", client, "The client whose job_id it is");
  }
  /// `/v1/jobs/{id}` and what follows.
  std::string target(std::string_view suffix = {}) const {
    return Target("/v1/jobs").segment(id).literal(suffix).query("client_id", client).text();
  }
};

/// `/v1/runs/{id}` of a job document's newest run.
inline Target newest_run_of(const Json& job) {
  return Target("/v1/runs").segment(job.value("execution_id", std::string()));
}

}  // namespace troupe::cli
