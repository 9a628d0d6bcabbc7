// The commands that `exec` steps may run, as the server's configuration lists them. Nothing else is ever run, and never
// by a shell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/error.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Kernel limits of one process; 0: none of that kind. Core dumps are always off.
struct ExecLimits {
  std::uint64_t cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;  ///< address space
  std::uint64_t file_bytes = 1ULL << 30;
  std::uint64_t open_files = 1024;
};

struct ExecCommand {
  std::string name;                          ///< as steps name it
  std::string program;                       ///< absolute path
  std::vector<std::string> args;             ///< before those of the step
  std::map<std::string, std::string> env{};  ///< set always; a step cannot change these
  /// What a step may set. `*`: anything but the names that choose what code runs (PATH, LD_…, PYTHON…, see may_set).
  std::vector<std::string> env_allow = {"*"};
  std::string working_dir{};  ///< absolute; empty: the task's own temporary folder
  Millis timeout{0};          ///< 0: none but the step's
  ExecLimits limits{};

  /// May a step set this variable?
  bool may_set(std::string_view variable) const;
};

struct ExecOptions {
  std::vector<ExecCommand> commands;
  std::string work_dir;             ///< holds the tasks' folders; several processes may share it
  Millis stop_grace{2'000};         ///< between SIGTERM and SIGKILL; 0 … 8 s (limits::kStopDeadline is 10 s)
  std::uint32_t assets_max = 1'000;               ///< files of one task
  std::uint64_t asset_bytes_max = 4ULL << 30;     ///< of all files of one task

  /// Everything that is wrong with it; empty if nothing is.
  std::vector<Fault> validate() const;
  const ExecCommand* find(std::string_view name) const;
};

}  // namespace troupe
