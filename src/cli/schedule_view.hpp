// A schedule on the screen.
#pragma once

#include "cli/session.hpp"

namespace troupe::cli {

void print_schedule(const Terminal& terminal, const Json& schedule);

}  // namespace troupe::cli
