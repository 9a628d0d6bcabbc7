#include "executor/exec/exec_config.hpp"

#include "codec/json.hpp"

namespace troupe {
namespace {

/// A word that can be handed to a program; nothing if it cannot.
std::optional<std::string> word(const Json& value) {
  if (value.is_structured() || value.is_null()) return std::nullopt;
  std::string text = value.is_string() ? value.get<std::string>() : to_text(value);
  if (text.find('\0') != text.npos) return std::nullopt;
  return text;
}

Error invalid(std::vector<Fault> faults) {
  return Error{ErrorCode::invalid_config, "exec: " + faults[0].pointer + " " + faults[0].message, false, faults};
}

}  // namespace

Result<ExecConfig> read_exec_config(const Document& document) {
  const Json config = from_document(document);
  if (!config.is_object()) return Error{ErrorCode::invalid_config, "the config is no object", false, {}};
  ExecConfig result;
  std::vector<Fault> faults;
  for (const auto& [name, value] : config.items()) {
    if (name == "command" && value.is_string()) {
      result.command = value;
    } else if (name == "args" && value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (auto text = word(value[i])) result.args.push_back(std::move(*text));
        else faults.push_back({"/args/" + std::to_string(i), "is no text"});
      }
    } else if (name == "env" && value.is_object()) {
      for (const auto& [variable, setting] : value.items()) {
        if (auto text = word(setting)) result.env[variable] = std::move(*text);
        else faults.push_back({pointer_append("/env", variable), "is no text"});
      }
    } else if (name == "stdin") {
      if (!value.is_null()) result.input = value.is_string() ? value.get<std::string>() : to_text(value);
    } else if (name == "command" || name == "args" || name == "env") {
      faults.push_back({"/" + name, name == "command" ? "is no text" : name == "args" ? "is no list" : "is no object"});
    } else {
      faults.push_back({pointer_append("", name), "is not known"});
    }
  }
  if (!config.contains("command")) faults.push_back({"/command", "is missing"});
  if (!faults.empty()) return invalid(std::move(faults));
  return result;
}

Result<Done> check_environment(const ExecConfig& config, const ExecCommand& command) {
  std::vector<Fault> faults;
  for (const auto& [variable, value] : config.env)
    if (!command.may_set(variable))
      faults.push_back({pointer_append("/env", variable), "may not be set for the command '" + command.name + "'"});
  if (!faults.empty()) return invalid(std::move(faults));
  return Done{};
}

}  // namespace troupe
