#include "codec/step_config.hpp"

#include <algorithm>

#include "codec/object_reader.hpp"
#include "codec/template.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {
namespace {

/// Items must be text: a number that is to be sent or passed on could be written in more than one way.
void check_texts(ObjectReader& reader, std::string_view name, bool list, std::vector<Fault>& faults) {
  const Json* value = reader.any(name);
  if (value == nullptr || (value->is_string() && holds_expressions(*value))) return;
  if (list ? !value->is_array() : !value->is_object())
    return reader.fault(name, list ? "must be a list of texts" : "must be an object of texts");
  for (const auto& [key, item] : value->items())
    if (!item.is_string())
      faults.push_back({pointer_append(reader.pointer(name), key),
                        item.is_structured() || item.is_null() ? "must be text" : "must be text: put it in quotes"});
}

void check_delay(ObjectReader& reader) {
  const bool duration = reader.any("duration") != nullptr, until = reader.any("until") != nullptr;
  if (!duration && !until) return reader.fault("duration", "is required, or else until");
  if (duration && until) return reader.fault("until", "cannot stand beside duration");
  reader.duration("duration", /*zero_allowed=*/true);
  if (const auto time = reader.text("until"); time && !parse_rfc3339(*time))
    reader.fault("until", "must be a time as RFC 3339 has it, as in 2026-11-21T01:02:03Z");
}

/// 200, "2xx" or "200-204"
bool is_status_range(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  const auto status = [&](std::size_t i) { return text[i] >= '1' && text[i] <= '5' && digit(i + 1) && digit(i + 2); };
  if (text.size() == 3) return status(0) || (text[0] >= '1' && text[0] <= '5' && text.substr(1) == "xx");
  return text.size() == 7 && status(0) && text[3] == '-' && status(4) && text.substr(0, 3) <= text.substr(4);
}

bool is_status(const Json& value) {
  if (value.is_number_integer()) return value >= 100 && value <= 599;
  return value.is_string() && (holds_expressions(value) || is_status_range(value.get_ref<const std::string&>()));
}

void check_http(ObjectReader& reader, std::vector<Fault>& faults) {
  reader.require("url");
  if (const auto url = reader.text("url"); url && !url->starts_with("http://") && !url->starts_with("https://"))
    reader.fault("url", "must begin with http:// or https://");
  reader.choice("method", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});
  check_texts(reader, "headers", /*list=*/false, faults);
  reader.any("body");
  if (const Json* expected = reader.any("expect_status")) {
    const bool fits = expected->is_array()
                          ? !expected->empty() && std::all_of(expected->begin(), expected->end(), is_status)
                          : is_status(*expected);
    if (!fits)
      reader.fault("expect_status", "must be a status such as 200, \"2xx\" or \"200-204\", or a list of these");
  }
  reader.duration("timeout");
}

void check_exec(ObjectReader& reader, std::vector<Fault>& faults) {
  reader.require("command");
  if (const auto command = reader.text("command"); command && command->empty())
    reader.fault("command", "must be the name of a command");
  check_texts(reader, "args", /*list=*/true, faults);
  check_texts(reader, "env", /*list=*/false, faults);
  reader.text("stdin");
}

void check_generate(ObjectReader& reader) {
  reader.require("prompt");
  reader.text("prompt");
  reader.integer("count", 1, limits::kGenerateCountMax);
  reader.integer("width", limits::kGenerateSideMin, limits::kGenerateSideMax);
  reader.integer("height", limits::kGenerateSideMin, limits::kGenerateSideMax);
  reader.integer("seed", 0, (std::int64_t{1} << 53) - 1);  // what a jq number can hold
  reader.text("style");
}

/// The name of a signal, as far as it is written and not made by an expression.
void check_signal(ObjectReader& reader) {
  reader.require("name");
  if (const auto name = reader.text("name"); name && !is_signal_name(*name))
    reader.fault("name", "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
}

void check_approval(ObjectReader& reader) {
  reader.require("assets");
  if (const Json* assets = reader.any("assets"); assets && !assets->is_array() && !holds_expressions(*assets))
    reader.fault("assets", "must be a list of assets, such as ${ .steps.NAME.assets }");
  reader.integer("min_approved", 1, limits::kApprovalAssets);
  reader.integer("min_approvers", 1, limits::kApproversMax);
  reader.choice("on_expiry", {"fail", "approve", "reject", "skip"});
}

void check_workflow(ObjectReader& reader) {
  reader.require("key");
  if (const auto key = reader.text("key"); key && !is_workflow_key(*key))
    reader.fault("key", "must be the key of a workflow: 1 to 64 of a-z 0-9 . _ - that begin with a letter or digit");
  reader.integer("version", 1, INT32_MAX);
  reader.object("inputs");
}

}  // namespace

std::string generate_style_list() {
  std::string list;
  for (const std::string_view name : kGenerateStyles) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

void check_step_config(StepType type, const Json& config, const std::string& pointer, std::vector<Fault>& faults) {
  ObjectReader reader(config, pointer, faults);
  if (!config.is_object()) return;
  reader.skip_expressions();
  switch (type) {
    case StepType::noop: return;  // takes anything
    case StepType::delay: check_delay(reader); break;
    case StepType::http: check_http(reader, faults); break;
    case StepType::exec: check_exec(reader, faults); break;
    case StepType::transform: reader.require("value"); break;
    case StepType::generate: check_generate(reader); break;
    case StepType::signal: check_signal(reader); break;
    case StepType::approval: check_approval(reader); break;
    case StepType::workflow: check_workflow(reader); break;
  }
  reader.refuse_others("the config of a step of type " + std::string(step_type_text(type)));
}

}  // namespace troupe
