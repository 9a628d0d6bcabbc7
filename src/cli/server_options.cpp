#include "cli/server_options.hpp"

#include <algorithm>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace troupe::cli {
namespace {

std::string help_of(const Key<Config>& key) {
  std::string text(key.rule.help);
  if (!key.rule.computed_default.empty()) return text + " [default: " + std::string(key.rule.computed_default) + "]";
  return text + " [default: " + default_of(key) + "]";
}

}  // namespace

void ServerOptions::add_key(CLI::App& command, std::string_view name) {
  const auto& keys = config_keys();
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& candidate) { return candidate.name == name; });
  TROUPE_ASSERT(key != keys.end(), "a flag is made from a key");
  command
      .add_option_function<std::string>(
          flag_name(name), [this, name](const std::string& text) { flags_[std::string(name)] = text; }, help_of(*key))
      ->type_name(std::string());
}

void ServerOptions::add_data_options_to(CLI::App& command) {
  command.add_option("--config", file_, "TOML file; every key is in config/troupe.toml (TROUPE_CONFIG)")->type_name("FILE");
  add_key(command, "data_dir");
  add_key(command, "database_url");
}

void ServerOptions::add_to(CLI::App& command) {
  add_data_options_to(command);
  for (const auto& key : config_keys())
    if (key.name != "data_dir" && key.name != "database_url") add_key(command, key.name);
}

Result<Config> ServerOptions::load() const {
  return load_config({.file = file_, .environment = process_environment(), .flags = flags_});
}

int fail_configuration(Session& session, const Error& error) { return session.fail(error, kWrongUse); }

}  // namespace troupe::cli
