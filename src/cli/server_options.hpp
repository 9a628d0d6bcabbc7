// The configuration's keys as flags of a command, and the configuration they lead to.
#pragma once

#include <map>
#include <string>

#include "cli/commands.hpp"
#include "config/config.hpp"

namespace troupe::cli {

class ServerOptions {
 public:
  /// Only --config, --data-dir and --database-url, for commands that need to find the data alone.
  void add_data_options_to(CLI::App& command);
  void add_to(CLI::App& command);

  /// Was any of the flags given?
  bool given() const { return !file_.empty() || !flags_.empty(); }
  Result<Config> load() const;

 private:
  void add_key(CLI::App& command, std::string_view key);

  std::string file_;
  std::map<std::string, std::string> flags_;
};

/// Prints every fault with its place; gives the exit code.
int fail_configuration(Session& session, const Error& error);

}  // namespace troupe::cli
