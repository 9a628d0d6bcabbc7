// `troupe demo`: a generation job goes all the way, as a user would see it. Starts a server as a child process, applies
// the sample workflow, submits the sample job over HTTP, shows it live, fetches the images, and has the trail verified.
#pragma once

#include "cli/cli.hpp"

namespace troupe {

/// Gives the exit code: 0 only if everything went as it should. Leaves nothing running.
int demo(const DemoOptions& options);

/// config/workflows/poster.yaml
const char* sample_workflow();

}  // namespace troupe
