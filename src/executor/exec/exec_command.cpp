#include "executor/exec/exec_command.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace troupe {
namespace {

// Each of these makes the dynamic linker, a shell or an interpreter load what its value says.
constexpr std::array<std::string_view, 11> kCodeChoosingNames = {
    "PATH", "HOME", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "NODE_OPTIONS", "NODE_PATH", "GCONV_PATH", "CLASSPATH",
    "_JAVA_OPTIONS"};
constexpr std::array<std::string_view, 8> kCodeChoosingPrefixes = {"LD_",    "PYTHON",  "PERL", "RUBY",
                                                                   "BASH_FUNC_", "JAVA_TOOL_", "GIT_", "TROUPE_"};

bool is_absolute(const std::string& path) { return path.starts_with('/') && path.find('\0') == path.npos; }

bool is_variable(std::string_view name) {
  return !name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos;
}

}  // namespace

bool ExecCommand::may_set(std::string_view variable) const {
  if (!is_variable(variable) || variable.starts_with("TROUPE_") || env.contains(std::string(variable))) return false;
  if (std::find(env_allow.begin(), env_allow.end(), variable) != env_allow.end()) return true;
  if (std::find(env_allow.begin(), env_allow.end(), "*") == env_allow.end()) return false;
  return std::find(kCodeChoosingNames.begin(), kCodeChoosingNames.end(), variable) == kCodeChoosingNames.end() &&
         std::none_of(kCodeChoosingPrefixes.begin(), kCodeChoosingPrefixes.end(),
                      [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

std::vector<Fault> ExecOptions::validate() const {
  std::vector<Fault> faults;
  std::set<std::string> names;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const ExecCommand& command = commands[i];
    const std::string at = "/commands/" + std::to_string(i);
    if (command.name.empty()) faults.push_back({at + "/name", "is empty"});
    if (!names.insert(command.name).second) faults.push_back({at + "/name", "'" + command.name + "' is used twice"});
    if (!is_absolute(command.program)) faults.push_back({at + "/program", "is no absolute path"});
    if (!command.working_dir.empty() && !is_absolute(command.working_dir))
      faults.push_back({at + "/working_dir", "is no absolute path"});
    if (command.timeout < Millis(0)) faults.push_back({at + "/timeout", "is negative"});
    for (const auto& [variable, value] : command.env)
      if (!is_variable(variable) || value.find('\0') != value.npos)
        faults.push_back({at + "/env", "'" + variable + "' cannot be a variable"});
  }
  if (!is_absolute(work_dir)) faults.push_back({"/work_dir", "is no absolute path"});
  if (stop_grace < Millis(0) || stop_grace > Millis(8'000)) faults.push_back({"/stop_grace", "is not within 0 … 8 s"});
  return faults;
}

const ExecCommand* ExecOptions::find(std::string_view name) const {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const ExecCommand& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

}  // namespace troupe
