// The configuration of an `exec` step, read.
//
//   command  required: a name from the server's list
//   args     list of texts (numbers and booleans are taken as text), after the command's own
//   env      object of texts
//   stdin    text is given as it is, any other value as JSON; absent or null: nothing to read
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "executor/exec/exec_command.hpp"
#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

struct ExecConfig {
  std::string command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  std::optional<std::string> input;
};

/// Fails with invalid_config, naming every fault.
Result<ExecConfig> read_exec_config(const Document& config);
/// Fails with invalid_config where the step sets what the command does not let it set.
Result<Done> check_environment(const ExecConfig& config, const ExecCommand& command);

}  // namespace troupe
