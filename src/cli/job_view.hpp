// A job on the screen, and what its status means to a script.
#pragma once

#include <ostream>

#include "cli/session.hpp"

namespace troupe::cli {

/// 0 for success, 1 for failed and cancelled.
int exit_code_of_job(std::string_view status);
/// Members of a job document, its steps, outputs and error.
void print_job(const Terminal& terminal, const Json& job);
/// What a submit, a cancel or a retry answered.
void print_job_change(const Terminal& terminal, const Json& answer);

/// Shows the job live until it ends, and gives its exit code.
int watch_job(Session& session, const std::string& id, const std::string& client);
/// Waits quietly until the job has ended, then prints it and gives its exit code.
int wait_for_job(Session& session, const std::string& id, const std::string& client);

}  // namespace troupe::cli
