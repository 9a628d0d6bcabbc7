// Starting one program, in a process group of its own.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "executor/exec/exec_command.hpp"
#include "executor/exec/exec_guard.hpp"
#include "troupe/base/fd.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

struct ProcessPlan {
  std::string program;
  std::vector<std::string> args;  ///< without the program's own name
  std::vector<std::string> env;   ///< NAME=value; nothing else is passed on
  std::string working_dir;
  std::optional<std::string> input;
  ExecLimits limits;
};

struct Process {
  pid_t pid = -1;  ///< also the id of its process group
  Fd pidfd;        ///< readable once it has ended
  Fd out, err;     ///< do not block
};

/// The process dies with the calling thread (PR_SET_PDEATHSIG follows the thread that forked, not the process), so this
/// is for a thread that lives as long as the processes. The guard knows its group; whoever reaps it takes that back.
/// Fails with command_missing (the program or its working directory is not there or may not be used), invalid_config
/// (arguments too long) or executor_failed.
Result<Process> spawn(const ProcessPlan& plan, ExecGuard& guard);

}  // namespace troupe
