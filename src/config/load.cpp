#include "config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "config/keys.hpp"
#include "config/toml_file.hpp"
#include "troupe/base/ascii.hpp"

extern char** environ;

namespace troupe {
namespace {

using Kind = RawValue::Kind;

constexpr std::string_view kPrefix = "TROUPE_";
constexpr std::string_view kFileVariable = "TROUPE_CONFIG";

bool belongs_to_others(std::string_view variable) {
  return variable == "TROUPE_SERVER" || variable == "TROUPE_TOKEN" || variable == "TROUPE_REVIEWER" ||
         variable.starts_with("TROUPE_TEST_");
}

template <class Owner>
const Key<Owner>* find_key(const std::vector<Key<Owner>>& keys, std::string_view name) {
  for (const auto& key : keys)
    if (key.name == name) return &key;
  return nullptr;
}

template <class Owner>
std::vector<std::string> names_of(const std::vector<Key<Owner>>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.emplace_back(key.name);
  return names;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  return nearest.empty() ? std::string() : "; did you mean " + nearest + "?";
}

bool is_secret_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
}

bool holds_secret(const Config& config, const std::string& variable) {
  return std::any_of(config.secrets.begin(), config.secrets.end(),
                     [&](const auto& secret) { return secret.second.env == variable; });
}

/// Fills one Config, source by source, and collects what is wrong.
class Loader {
 public:
  void read_file(const std::string& path);
  void read_environment(const std::map<std::string, std::string>& environment);
  void read_flags(const std::map<std::string, std::string>& flags);
  Result<Config> finish();

 private:
  void fault(std::string place, std::string message) { faults_.push_back({std::move(place), std::move(message)}); }
  std::string place(const RawValue& value) const { return file_ + ":" + std::to_string(value.line); }

  void read_table(const std::string& prefix, const RawValue& table);
  void read_member(const std::string& name, const RawValue& value);
  void read_auth_keys(const RawValue& list);
  /// Tables by names of the user's: [exec.commands.NAME], [clients.NAME].
  template <class Owner>
  void read_named(const std::string& name, std::string_view what, const RawValue& table,
                  const std::vector<Key<Owner>>& keys, std::map<std::string, Owner>& entries);
  void read_secrets(const RawValue& table);
  template <class Owner>
  void read_entry(const std::string& name, const RawValue& table, const std::vector<Key<Owner>>& keys, Owner& entry);
  void check_auth_keys();

  Config config_;
  std::string file_;
  std::vector<Fault> faults_;
  std::vector<std::string> auth_key_places_;
};

void Loader::read_file(const std::string& path) {
  file_ = path;
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) return fault(path, "the file cannot be read");
  auto parsed = parse_toml(text, path);
  if (parsed) return read_table("", *parsed);
  faults_.insert(faults_.end(), parsed.error().faults.begin(), parsed.error().faults.end());
}

void Loader::read_table(const std::string& prefix, const RawValue& table) {
  for (const RawValue& value : table.members) read_member(prefix + value.name, value);
}

void Loader::read_member(const std::string& name, const RawValue& value) {
  if (name == "auth.keys") return read_auth_keys(value);
  if (name == "exec.commands") return read_named(name, "commands", value, exec_command_keys(), config_.exec_commands);
  if (name == "clients") return read_named(name, "clients", value, client_keys(), config_.clients);
  if (name == "secrets") return read_secrets(value);
  if (const auto* key = find_key(config_keys(), name)) {
    if (auto wrong = assign_key(*key, config_, value)) fault(place(value), name + ": " + *wrong);
    return;
  }
  std::vector<std::string> known = names_of(config_keys());
  known.insert(known.end(), {"auth.keys", "exec.commands", "secrets", "clients"});
  const auto is_inside = [&](const std::string& key) { return key.starts_with(name + "."); };
  if (std::any_of(known.begin(), known.end(), is_inside)) {
    if (value.kind == Kind::table) return read_table(name + ".", value);
    return fault(place(value), name + ": must be a table");
  }
  fault(place(value), name + ": is not a known key" + did_you_mean(name, known));
}

void Loader::read_auth_keys(const RawValue& list) {
  const auto is_table = [](const RawValue& entry) { return entry.kind == Kind::table; };
  if (list.kind != Kind::list || !std::all_of(list.elements.begin(), list.elements.end(), is_table))
    return fault(place(list), "auth.keys: must be a list of tables, written as [[auth.keys]]");
  for (const RawValue& entry : list.elements) {
    auth_key_places_.push_back(place(entry));
    read_entry("auth.keys", entry, auth_key_keys(), config_.auth_keys.emplace_back());
  }
}

template <class Owner>
void Loader::read_named(const std::string& name, std::string_view what, const RawValue& table,
                        const std::vector<Key<Owner>>& keys, std::map<std::string, Owner>& entries) {
  if (table.kind != Kind::table) return fault(place(table), name + ": must be a table of " + std::string(what));
  for (const RawValue& entry : table.members) {
    const std::string path = name + "." + entry.name;
    if (entry.kind == Kind::table)
      read_entry(path, entry, keys, entries[entry.name]);
    else
      fault(place(entry), path + ": must be a table");
  }
}

void Loader::read_secrets(const RawValue& table) {
  if (table.kind != Kind::table) return fault(place(table), "secrets: must be a table of secrets");
  for (const RawValue& entry : table.members) {
    const std::string path = "secrets." + entry.name;
    if (!is_secret_name(entry.name)) fault(place(entry), path + ": a secret's name is of A-Z a-z 0-9 _ - .");
    // The value itself may have been put there: it is not repeated.
    if (entry.kind != Kind::table) {
      fault(place(entry), path + R"(: must be {env = "VARIABLE"} or {file = "/path"})");
      continue;
    }
    const std::size_t before = faults_.size();
    SecretConfig& secret = config_.secrets[entry.name];
    read_entry(path, entry, secret_keys(), secret);
    if (faults_.size() == before && secret.env.empty() == secret.file.empty())
      fault(place(entry), path + ": must have either env or file");
  }
}

template <class Owner>
void Loader::read_entry(const std::string& name, const RawValue& table, const std::vector<Key<Owner>>& keys,
                        Owner& entry) {
  std::set<std::string, std::less<>> given;
  for (const RawValue& value : table.members) {
    given.insert(value.name);
    const std::string path = name + "." + value.name;
    const auto* key = find_key(keys, value.name);
    if (!key)
      fault(place(value), path + ": is not a known key" + did_you_mean(value.name, names_of(keys)));
    else if (auto wrong = assign_key(*key, entry, value))
      fault(place(value), path + ": " + *wrong);
  }
  for (const auto& key : keys)
    if (key.rule.required && !given.contains(key.name))
      fault(place(table), name + "." + std::string(key.name) + ": is required");
}

void Loader::read_environment(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> known{std::string(kFileVariable)};
  for (const auto& key : config_keys()) known.push_back(environment_name(key.name));
  for (const auto& [variable, text] : environment) {
    if (!variable.starts_with(kPrefix) || belongs_to_others(variable) || variable == kFileVariable) continue;
    if (holds_secret(config_, variable)) continue;
    const auto key = std::find_if(config_keys().begin(), config_keys().end(),
                                  [&](const auto& candidate) { return environment_name(candidate.name) == variable; });
    if (key == config_keys().end()) {
      fault(variable, "is not a known variable" + did_you_mean(variable, known));
    } else if (!text.empty()) {
      if (auto wrong = assign_key(*key, config_, {.kind = Kind::bare, .text = text}))
        fault(variable, std::string(key->name) + ": " + *wrong);
    }
  }
}

void Loader::read_flags(const std::map<std::string, std::string>& flags) {
  for (const auto& [name, text] : flags) {
    const auto* key = find_key(config_keys(), name);
    TROUPE_ASSERT(key, "flags are made from the key table");
    if (auto wrong = assign_key(*key, config_, {.kind = Kind::bare, .text = text}))
      fault(flag_name(name), name + ": " + *wrong);
  }
}

/// One key text must mean one caller, and one name one key.
void Loader::check_auth_keys() {
  const auto& keys = config_.auth_keys;
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (!keys[i].name.empty() && keys[i].name == keys[j].name)
        fault(auth_key_places_[i], "auth.keys.name: " + to_toml(keys[i].name) + " is there twice");
      if (keys[i].sha256 != Digest{} && keys[i].sha256 == keys[j].sha256)
        fault(auth_key_places_[i], "auth.keys.sha256: the same key is there twice");
    }
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || check_node_name(name) || name[0] == '\0') return "node";
  return name;
}

Result<Config> Loader::finish() {
  check_auth_keys();
  if (!faults_.empty())
    return Error{
        ErrorCode::invalid_configuration,
        "the configuration has " + std::to_string(faults_.size()) + (faults_.size() == 1 ? " fault" : " faults"), false,
        std::move(faults_)};
  if (config_.database.url.empty()) config_.database.url = "sqlite:" + config_.data_dir + "/troupe.db";
  if (config_.node_name.empty()) config_.node_name = host_name();
  return std::move(config_);
}

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.starts_with(kPrefix) && equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<Config> load_config(const ConfigSources& sources) {
  Loader loader;
  const auto variable = sources.environment.find(std::string(kFileVariable));
  if (!sources.file.empty())
    loader.read_file(sources.file);
  else if (variable != sources.environment.end() && !variable->second.empty())
    loader.read_file(variable->second);
  loader.read_environment(sources.environment);
  loader.read_flags(sources.flags);
  return loader.finish();
}

}  // namespace troupe
