// Reads the configuration: defaults, then the file, then the environment, then flags; the later wins. Every fault of
// every source is reported at once, each with its place.
#pragma once

#include <map>
#include <string>

#include "config/config.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

struct ConfigSources {
  std::string file;                                ///< path of the TOML file; empty: TROUPE_CONFIG, else none
  std::map<std::string, std::string> environment;  ///< variables named TROUPE_…; others are ignored
  std::map<std::string, std::string> flags;        ///< key (`server.threads`) → text
};

/// The TROUPE_… variables of this process.
std::map<std::string, std::string> process_environment();

/// Fails with invalid_configuration. There a fault's `pointer` is its place (`troupe.toml:12`, `TROUPE_LISTEN`,
/// `--listen`), and its message begins with the key. Values of secret keys are never repeated.
Result<Config> load_config(const ConfigSources& sources);

}  // namespace troupe
