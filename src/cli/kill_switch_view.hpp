// A kill switch in one line.
#pragma once

#include <string>

#include "cli/display.hpp"

namespace troupe::cli {

/// `pause of workflow poster`, `kill of global`
inline std::string switch_text(const Json& kill_switch) {
  const std::string target = member_text(kill_switch, "target");
  return printable(member_text(kill_switch, "mode") + " of " + member_text(kill_switch, "scope") +
                   (target.empty() ? "" : " " + target));
}

}  // namespace troupe::cli
