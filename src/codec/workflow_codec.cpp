#include "codec/workflow_codec.hpp"

#include <algorithm>

#include "codec/expression_check.hpp"
#include "codec/hopeless_config.hpp"
#include "codec/object_reader.hpp"
#include "codec/schema.hpp"
#include "codec/schema_source.hpp"
#include "codec/secret_check.hpp"
#include "codec/step_codec.hpp"
#include "codec/unavailable.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {
namespace {

/// JSON is tried first where the text looks like it, so that its faults are told as JSON's: YAML would take most of it.
Result<Json> parse_text(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return parse_yaml(text);
  auto json = parse_json(text);
  if (json.ok() || json.error().code != ErrorCode::malformed_json) return json;
  auto yaml = parse_yaml(text);
  return yaml.ok() ? yaml : json;
}

/// `key` or `id`; the pointer of the one that was written.
std::string read_key(ObjectReader& reader, std::string& key) {
  const auto named = reader.text("key"), id = reader.text("id");
  const bool has_key = reader.any("key") != nullptr, has_id = reader.any("id") != nullptr;
  if (!has_key && !has_id) reader.fault("key", "is required");
  if (named && id && *named != *id) reader.fault("id", "must be the same as key where both are given");
  key = named ? *named : id.value_or("");
  return has_key || !has_id ? "/key" : "/id";
}

/// The defaults of one that is stored are not checked again: that takes processor time, of which there may be less on
/// another day.
void read_inputs(ObjectReader& reader, bool is_new, WorkflowDefinition& workflow, std::vector<Fault>& faults) {
  const Json* schema = reader.object("inputs");
  if (schema == nullptr) return;
  const auto compiled = JsonSchema::compile(*schema);
  std::vector<Fault> found;
  if (!compiled.ok())
    found = compiled.error().faults;
  else if (is_new)
    found = (*compiled)->check_defaults();
  if (compiled.ok()) workflow.inputs_schema = to_document(*schema);
  for (const Fault& fault : found) faults.push_back({reader.pointer("inputs") + fault.pointer, fault.message});
}

void read_concurrency(ObjectReader& reader, ExpressionCheck& expressions, WorkflowDefinition& workflow,
                      std::vector<Fault>& faults) {
  const Json* value = reader.object("concurrency");
  if (value == nullptr) return;
  ObjectReader fields(*value, reader.pointer("concurrency"), faults);
  fields.require("limit");
  if (const auto limit = fields.integer("limit", 1, 1'000'000)) workflow.concurrency_limit = static_cast<int>(*limit);
  if (const auto key = fields.text("key")) {
    workflow.concurrency_key = *key;
    expressions.value_before_steps(*key, fields.pointer("key"));
  }
  fields.refuse_others("concurrency");
}

/// A limit of whole seconds, since that is what the RateLimit-Policy header can tell. The key is asked before there is
/// a run, so no step may be named in it.
void read_rate_limit(ObjectReader& reader, ExpressionCheck& expressions, WorkflowDefinition& workflow,
                     std::vector<Fault>& faults) {
  const Json* value = reader.object("rate_limit");
  if (value == nullptr) return;
  ObjectReader fields(*value, reader.pointer("rate_limit"), faults);
  RateLimit& limit = workflow.rate_limit;
  fields.require("limit");
  if (const auto jobs = fields.integer("limit", 1, RateLimit::kMost)) limit.limit = static_cast<std::uint32_t>(*jobs);
  fields.require("per");
  if (const auto per = fields.duration("per")) {
    limit.per = *per;
    if (*per % std::chrono::seconds(1) != Millis(0) || *per > RateLimit::kPerMost)
      fields.fault("per", "must be a whole number of seconds, at most " + format_duration(RateLimit::kPerMost));
  }
  limit.burst = limit.limit;
  if (const auto burst = fields.integer("burst", 1, RateLimit::kMost)) limit.burst = static_cast<std::uint32_t>(*burst);
  if (const Json* key = fields.any("key"))
    workflow.rate_limit_key = expressions.sole_before_run(*key, fields.pointer("key"));
  fields.refuse_others("rate_limit");
}

void read_steps(ObjectReader& reader, ExpressionCheck& expressions, WorkflowDraft& draft, std::vector<Fault>& faults) {
  StepDefaults defaults;
  if (const Json* value = reader.any("defaults"))
    defaults = read_step_defaults(*value, reader.pointer("defaults"), faults);
  const Json* steps = reader.any("steps");
  if (steps == nullptr) return reader.fault("steps", "is required");
  if (!steps->is_array()) return reader.fault("steps", "must be a list of steps");
  if (steps->size() > limits::kSteps) {  // checking the expressions of a million steps would take minutes
    return reader.fault("steps", "has " + std::to_string(steps->size()) + " steps; at most " +
                                     std::to_string(limits::kSteps) + " are allowed");
  }
  for (std::size_t i = 0; i < steps->size(); ++i) {
    expressions.within(i);
    read_step((*steps)[i], pointer_append(reader.pointer("steps"), std::to_string(i)), defaults, expressions, draft,
              faults);
  }
  expressions.within(std::nullopt);
}

/// Of a definition in any shape: its faults are others' to tell.
std::vector<std::string> step_names(const Json& root) {
  std::vector<std::string> names;
  const auto steps = root.find("steps");
  if (steps == root.end() || !steps->is_array()) return names;
  for (const Json& step : *steps)
    if (step.is_object() && step.contains("name") && step["name"].is_string()) names.push_back(step["name"]);
  return names;
}

/// Reads everything below the root and gives the pointer of the workflow's key.
std::string read_workflow(const Json& root, ExpressionCheck& expressions, bool is_new, WorkflowDraft& draft,
                          std::vector<Fault>& faults) {
  WorkflowDefinition& workflow = draft.definition;
  ObjectReader reader(root, "", faults);
  std::string key_pointer = read_key(reader, workflow.key);
  workflow.name = reader.text("name").value_or("");
  workflow.description = reader.text("description").value_or("");
  read_inputs(reader, is_new, workflow, faults);
  if (const auto timeout = reader.duration("timeout")) {
    workflow.timeout = *timeout;
    workflow.timeout_given = true;
  }
  if (const auto retention = reader.duration("retention")) workflow.retention = *retention;
  read_concurrency(reader, expressions, workflow, faults);
  read_rate_limit(reader, expressions, workflow, faults);
  read_steps(reader, expressions, draft, faults);
  if (const Json* outputs = reader.any("outputs")) {
    workflow.outputs = to_document(*outputs);
    expressions.value(*outputs, reader.pointer("outputs"));
  }
  reader.refuse_others("a workflow");
  return key_pointer;
}

/// The domain's rules, told at the place where the value was written (`id`, `defaults`), and not again where the shape
/// is a fault already.
void check_rules(const Json& root, const std::string& key_pointer, WorkflowDraft& draft, std::vector<Fault>& faults) {
  const auto is_told = [&](const std::string& pointer) {
    return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
      return pointer == fault.pointer || fault.pointer.starts_with(pointer + "/") ||
             pointer.starts_with(fault.pointer + "/");
    });
  };
  const auto is_written = [&](const std::string& pointer) { return resolve_reference(root, "#" + pointer) != nullptr; };
  std::vector<Fault> broken;
  for (Fault fault : resolve(draft)) {
    if (fault.pointer == "/key") fault.pointer = key_pointer;
    if (fault.pointer.starts_with("/steps/") && !is_written(fault.pointer)) {
      const std::string shared =
          "/defaults" + fault.pointer.substr(std::min(fault.pointer.find('/', 7), fault.pointer.size()));
      if (is_written(shared)) fault.pointer = shared;
    }
    const bool repeated = std::find(broken.begin(), broken.end(), fault) != broken.end();
    if (!repeated && !is_told(fault.pointer)) broken.push_back(std::move(fault));
  }
  faults.insert(faults.end(), broken.begin(), broken.end());
}

/// `has_command`: null for a definition that is stored.
Result<ParsedWorkflow> parse(std::string_view text, const CheckExpression& check, const HasCommand* has_command) {
  if (text.size() > limits::kDefinitionBytes) {
    return {ErrorCode::payload_too_large, "the definition has " + std::to_string(text.size()) + " bytes; at most " +
                                              std::to_string(limits::kDefinitionBytes) + " are allowed"};
  }
  auto root = parse_text(text);
  if (!root.ok()) return std::move(root).error();

  const bool is_new = has_command != nullptr;
  WorkflowDraft draft;
  std::vector<Fault> faults;
  if (!root->is_object()) {
    faults.push_back({"", "must be an object with key and steps"});
  } else {
    ExpressionCheck expressions(check, step_names(*root), is_new, faults);
    const std::string key_pointer = read_workflow(*root, expressions, is_new, draft, faults);
    refuse_misplaced_secrets(*root, faults);
    if (is_new) refuse_hopeless_configs(draft.definition, *has_command, faults);
    check_rules(*root, key_pointer, draft, faults);
    refuse_unseen_steps(expressions.references(), draft, faults);
  }
  if (!faults.empty()) {
    const std::string count = faults.size() == 1 ? "1 fault" : std::to_string(faults.size()) + " faults";
    return Error{ErrorCode::validation_failed, "The workflow definition has " + count + ".", false, std::move(faults)};
  }
  return ParsedWorkflow{std::move(draft.definition), canonical_json(*root)};
}

}  // namespace

Result<ParsedWorkflow> parse_workflow(std::string_view text, const CheckExpression& check) {
  return parse(text, check, nullptr);
}

Result<ParsedWorkflow> parse_new_workflow(std::string_view text, const CheckExpression& check,
                                          const HasCommand& has_command) {
  return parse(text, check, &has_command);
}

}  // namespace troupe
