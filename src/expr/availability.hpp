// Which parts of jq an expression may use. What reads the environment, other inputs or the clock, or writes somewhere,
// would make a run's course depend on more than the run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// "`env` is not available in expressions", or nothing. Looks at the text only; program.cpp covers what slips through.
std::optional<std::string> find_unavailable(std::string_view expression);

}  // namespace troupe
