// `troupe serve`: from the configuration to an exit code.
//
//   SIGTERM, SIGINT   stop gracefully, exit 0; a second one exits at once (130)
#pragma once

#include "config/config.hpp"

namespace troupe {

int serve(const Config& config);

}  // namespace troupe
