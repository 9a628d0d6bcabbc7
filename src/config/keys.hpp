// The one table of configuration keys. Reading the file, the environment and the flags, the reference file and --help
// are all made from it; a new option is a field in config.hpp and a row in keys.cpp.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/value.hpp"

namespace troupe {

/// Leads to the field of a key. The type of the field is the type of the key.
template <class Owner>
using Field = std::variant<std::string& (*)(Owner&), int& (*)(Owner&), std::size_t& (*)(Owner&), Millis& (*)(Owner&),
                           HostPort& (*)(Owner&), Digest& (*)(Owner&), Role& (*)(Owner&),
                           std::vector<std::string>& (*)(Owner&), std::map<std::string, std::string>& (*)(Owner&)>;

template <class Owner>
struct Key {
  std::string_view name;  ///< dotted path in the file: `server.threads`
  Field<Owner> field;
  Rule rule;
};

/// In the order of the reference file.
const std::vector<Key<Config>>& config_keys();
/// Of one entry of [[auth.keys]].
const std::vector<Key<AuthKey>>& auth_key_keys();
/// Of one entry of [exec.commands].
const std::vector<Key<ExecCommandConfig>>& exec_command_keys();
/// Of one entry of [secrets].
const std::vector<Key<SecretConfig>>& secret_keys();

/// Of one entry of [clients].
const std::vector<Key<ClientConfig>>& client_keys();

template <class Owner>
Complaint assign_key(const Key<Owner>& key, Owner& owner, const RawValue& value) {
  return std::visit([&](auto field) { return assign(field(owner), value, key.rule); }, key.field);
}
/// The default as TOML.
template <class Owner>
std::string default_of(const Key<Owner>& key) {
  Owner fresh;
  return std::visit([&](auto field) { return to_toml(field(fresh)); }, key.field);
}
/// `server.threads` → `TROUPE_SERVER_THREADS`
std::string environment_name(std::string_view key);
/// `server.threads` → `--server-threads`
std::string flag_name(std::string_view key);

/// The candidate nearest to `name` by edit distance; empty if none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace troupe
