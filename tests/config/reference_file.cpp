#include "config/reference_file.hpp"

#include "config/keys.hpp"

namespace troupe {
namespace {

constexpr std::string_view kHead =
    "# Troupe's configuration: every key, with its default. A key is set by taking the '#' from its line.\n"
    "#\n"
    "# Defaults are overridden by this file (--config FILE or TROUPE_CONFIG), that by the environment, and that by "
    "flags.\n"
    "# The key log.level is the variable TROUPE_LOG_LEVEL and the flag --log-level; lists are separated by commas "
    "there.\n"
    "# Durations are written 250ms, 30s, 5m, 1h30m or 7d, or as a number of seconds.\n"
    "#\n"
    "# This file is checked against the program by a test: tests/config/reference_test.cpp.\n";

/// A duration or a number as a person reads it.
template <class Owner>
std::string bound(const Key<Owner>& key, std::int64_t value) {
  const bool duration = std::holds_alternative<Millis& (*)(Owner&)>(key.field);
  return duration ? format_duration(Millis(value)) : std::to_string(value);
}

template <class Owner>
std::string describe(const Key<Owner>& key, std::string_view name, std::string_view value) {
  std::string facts(key.rule.unit);
  for (std::size_t i = 0; i < key.rule.choices.size(); ++i)
    facts += (i == 0 ? "" : ", ") + std::string(key.rule.choices[i]);
  if (key.rule.max != INT64_MAX) facts += ", " + bound(key, key.rule.min) + " to " + bound(key, key.rule.max);
  if (!key.rule.computed_default.empty()) facts += "; default: " + std::string(key.rule.computed_default);
  if (!facts.empty()) facts = "# (" + facts + ")\n";
  return "\n# " + std::string(key.rule.help) + "\n" + facts + "#" + std::string(name) + " = " + std::string(value) +
         "\n";
}

std::string auth_keys() {
  std::string text =
      "\n# API keys. Without any, everyone is an administrator and the server listens on loopback only.\n"
      "# `troupe key create` makes a key and prints its entry.\n\n#[[auth.keys]]\n";
  for (const auto& key : auth_key_keys()) {
    std::string value = default_of(key);
    if (key.name == "name") value = "\"shop\"";
    if (key.name == "sha256") value = '"' + std::string(64, '0') + '"';
    if (key.name == "client") value = "\"shop\"";
    text += describe(key, key.name, value);
  }
  return text;
}

std::string exec_commands() {
  std::string text =
      "\n# Programs that exec steps may run, by name. A step names the command, never a program.\n\n"
      "#[exec.commands.thumbnail]\n";
  for (const auto& key : exec_command_keys()) {
    std::string value = default_of(key);
    if (key.name == "program") value = "\"/usr/bin/convert\"";
    text += describe(key, key.name, value);
  }
  return text;
}

std::string clients() {
  std::string text = "\n# What holds for one client, by its client_id.\n\n#[clients.shop]\n";
  for (const auto& key : client_keys()) {
    std::string value = default_of(key);
    if (key.name == "rate") value = "\"1000/1m\"";
    text += describe(key, key.name, value);
  }
  return text;
}

std::string secrets() {
  std::string text =
      "\n# What `${secret:NAME}` in a definition stands for: each has either env or file. Values never stand here.\n\n"
      "#[secrets.SHOP_TOKEN]\n";
  for (const auto& key : secret_keys()) {
    const std::string example = key.name == "file" ? "\"/run/secrets/shop_token\"" : "\"\"";
    text += describe(key, key.name, example);
  }
  return text;
}

}  // namespace

std::string reference_file() {
  std::string text(kHead), section;
  for (const auto& key : config_keys()) {
    const std::size_t dot = key.name.find('.');
    const std::string_view name = dot == std::string_view::npos ? key.name : key.name.substr(dot + 1);
    if (dot != std::string_view::npos && key.name.substr(0, dot) != section) {
      section = key.name.substr(0, dot);
      text += "\n[" + section + "]\n";
    }
    std::string value = default_of(key);
    if (key.name == "database_url") value = "\"sqlite:troupe-data/troupe.db\"";
    if (key.name == "node_name") value = "\"node-1\"";
    text += describe(key, name, value);
  }
  return text + auth_keys() + exec_commands() + clients() + secrets();
}

}  // namespace troupe
