#include "codec/step_codec.hpp"

#include <algorithm>

#include "codec/object_reader.hpp"
#include "codec/step_config.hpp"
#include "codec/suggestion.hpp"
#include "codec/unavailable.hpp"

namespace troupe {
namespace {

constexpr double kFactorMax = 100;

std::vector<std::string_view> code_texts() {
  std::vector<std::string_view> texts;
  for (ErrorCode code : all_error_codes()) texts.push_back(code_text(code));
  return texts;
}

/// A list of error codes, none of which is unknown or twice there.
void read_codes(ObjectReader& reader, std::string_view name, std::vector<ErrorCode>& codes,
                std::vector<Fault>& faults) {
  const Json* value = reader.any(name);
  if (value == nullptr) return;
  codes.clear();
  if (!value->is_array() || value->empty()) return reader.fault(name, "must be a list of error codes");
  for (std::size_t i = 0; i < value->size(); ++i) {
    const std::string pointer = pointer_append(reader.pointer(name), std::to_string(i));
    const Json& written = (*value)[i];
    const auto code = written.is_string() ? code_from_text(written.get_ref<const std::string&>()) : std::nullopt;
    if (code && std::find(codes.begin(), codes.end(), *code) == codes.end())
      codes.push_back(*code);
    else if (code)
      faults.push_back({pointer, "stands there twice"});
    else
      faults.push_back(
          {pointer, "must be an error code such as http_failed" +
                        (written.is_string() ? did_you_mean(written.get_ref<const std::string&>(), code_texts())
                                             : std::string())});
  }
}

/// `poison` would be worse than idle: a run that is given up could never end, since what undoes its steps fails so.
void refuse_idle_codes(ObjectReader& reader, std::vector<Fault>& faults) {
  const Json* codes = reader.any("on");
  if (codes == nullptr || !codes->is_array()) return;
  for (std::size_t i = 0; i < codes->size(); ++i) {
    const Json& written = (*codes)[i];
    const auto code = written.is_string() ? code_from_text(written.get_ref<const std::string&>()) : std::nullopt;
    if (code && !ends_attempts(*code))
      faults.push_back({pointer_append(reader.pointer("on"), std::to_string(i)),
                        "no attempt of a step fails with " + written.get<std::string>()});
  }
}

/// Fields that are absent keep what the policy has.
void read_retry(const Json& value, const std::string& pointer, RetryPolicy& policy, std::vector<Fault>& faults) {
  ObjectReader reader(value, pointer, faults);
  if (const auto attempts = reader.integer("max_attempts", 1, limits::kAttemptsMax))
    policy.max_attempts = static_cast<int>(*attempts);
  if (const auto backoff = reader.choice("backoff", {"fixed", "linear", "exponential"}))
    policy.backoff = static_cast<Backoff>(*backoff);
  if (const auto initial = reader.duration("initial", /*zero_allowed=*/true)) policy.initial = *initial;
  if (const auto factor = reader.number("factor", 1, kFactorMax)) policy.factor = *factor;
  if (const auto max = reader.duration("max", /*zero_allowed=*/true)) policy.max = *max;
  if (const auto jitter = reader.choice("jitter", {"none", "full"})) policy.jitter = static_cast<Jitter>(*jitter);
  read_codes(reader, "on", policy.on, faults);
  refuse_idle_codes(reader, faults);
  read_codes(reader, "never_on", policy.never_on, faults);
  reader.refuse_others("retry");
}

std::optional<StepType> read_type(ObjectReader& reader) {
  const auto written = reader.text("type");
  if (!written) {
    reader.require("type");
    return std::nullopt;
  }
  if (const auto type = step_type_from_text(*written)) return type;
  std::string message;
  if (std::find(kUnavailableStepTypes.begin(), kUnavailableStepTypes.end(), *written) != kUnavailableStepTypes.end())
    message = not_available("step type \"" + *written + "\"");
  else
    message = "there is no step type \"" + *written + "\"" +
              did_you_mean(*written, {"noop", "delay", "http", "webhook", "exec", "transform", "generate", "signal",
                                      "approval", "workflow"});
  reader.fault("type", message);
  return std::nullopt;
}

/// The `config` of a step or of its compensation, with its expressions. Of an unknown type only those are checked.
Document read_config(ObjectReader& reader, std::optional<StepType> type, bool has_items, ExpressionCheck& expressions,
                     std::vector<Fault>& faults) {
  static const Json kNone = Json::object();
  const Json* written = reader.any("config");
  const Json& config = written == nullptr ? kNone : *written;
  expressions.config(config, reader.pointer("config"), has_items);
  if (type) check_step_config(*type, config, reader.pointer("config"), faults);
  return to_document(config);
}

std::vector<std::string> read_needs(ObjectReader& reader, std::vector<Fault>& faults) {
  std::vector<std::string> names;
  const Json* value = reader.any("needs");
  if (value == nullptr) return names;
  if (!value->is_array()) {
    reader.fault("needs", "must be a list of step names");
    return names;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& name = (*value)[i];
    if (!name.is_string()) {
      faults.push_back({pointer_append(reader.pointer("needs"), std::to_string(i)), "must be the name of a step"});
      return {};  // a shorter list would shift the places of the rest
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

/// `of`: the step, whose `retry` holds for what its compensation does not say.
Compensation read_compensation(const Json& value, const std::string& pointer, const StepDefinition& of, bool has_items,
                               ExpressionCheck& expressions, std::vector<Fault>& faults) {
  ObjectReader reader(value, pointer, faults);
  Compensation compensation;
  compensation.retry = of.retry;
  if (!value.is_object()) return compensation;
  const auto type = read_type(reader);
  if (type) compensation.type = *type;
  compensation.config = read_config(reader, type, has_items, expressions, faults);
  if (const auto timeout = reader.duration("timeout")) compensation.timeout = *timeout;
  if (const Json* written = reader.any("retry"))
    read_retry(*written, reader.pointer("retry"), compensation.retry, faults);
  reader.refuse_others("compensate");
  return compensation;
}

void read_placement(ObjectReader& reader, ExpressionCheck& expressions, StepDefinition& step) {
  if (const auto pool = reader.text("pool")) step.pool = *pool;
  if (const Json* labels = reader.object("requires")) step.requires_labels = to_document(*labels);
  if (const auto affinity = reader.text("affinity")) {
    step.affinity = *affinity;
    expressions.value(*affinity, reader.pointer("affinity"));
  }

  if (step.pool != kOnlyPool) reader.fault("pool", not_available("a pool other than \"default\""));
  for (const UnavailableField& field : kUnavailableStepFields)
    if (reader.any(field.name) != nullptr) reader.fault(field.name, not_available(field.what));
}

/// What no worker has, it cannot lose, nor fail at twice. `retry` may be meant for what undoes the step.
void refuse_idle_fields(ObjectReader& reader, StepType type) {
  if (!needs_no_worker(type)) return;
  const std::string step = "a step of type " + std::string(step_type_text(type));
  if (type == StepType::delay && reader.any("timeout") != nullptr)
    reader.fault("timeout", step + " has no time-out: its config says how long it takes");
  if (reader.any("retry") != nullptr && reader.any("compensate") == nullptr)
    reader.fault("retry", step + " is tried once: no worker can fail at it");
  if (const Json* idempotent = reader.any("idempotent"); idempotent != nullptr && *idempotent == false)
    reader.fault("idempotent", step + " is not lost in a crash: no worker has it");
}

/// How long, and how many at once. People are waited for as long as the run may, unless the step itself says otherwise.
void read_limits(ObjectReader& reader, const StepDefaults& defaults, StepDefinition& step) {
  if (waits_for_message(step.type))
    step.timeout = Millis(0);
  else if (defaults.timeout)
    step.timeout = *defaults.timeout;
  if (const auto timeout = reader.duration("timeout")) step.timeout = *timeout;
  if (const auto timeout = reader.duration("queue_timeout")) step.queue_timeout = *timeout;
  if (const auto timeout = reader.duration("total_timeout")) step.total_timeout = *timeout;
  if (const auto heartbeat = reader.duration("heartbeat")) step.heartbeat = *heartbeat;
  if (const auto items = reader.integer("max_parallel", 1, limits::kItemsLive))
    step.max_parallel = static_cast<ItemIndex>(*items);
  if (const auto policy = reader.choice("on_item_failure", {"fail_fast", "collect"}))
    step.item_failures = static_cast<ItemFailures>(*policy);
  for (const char* field : {"max_parallel", "on_item_failure"})
    if (step.for_each.empty() && reader.any(field) != nullptr && reader.any("for_each") == nullptr)
      reader.fault(field, "belongs to a step with for_each");
}

}  // namespace

StepDefaults read_step_defaults(const Json& value, const std::string& pointer, std::vector<Fault>& faults) {
  StepDefaults defaults;
  ObjectReader reader(value, pointer, faults);
  if (const Json* retry = reader.any("retry")) read_retry(*retry, reader.pointer("retry"), defaults.retry, faults);
  defaults.timeout = reader.duration("timeout");
  reader.refuse_others("defaults");
  return defaults;
}

void read_step(const Json& value, const std::string& pointer, const StepDefaults& defaults,
               ExpressionCheck& expressions, WorkflowDraft& draft, std::vector<Fault>& faults) {
  StepDefinition& step = draft.definition.steps.emplace_back();
  auto& needs = draft.needs.emplace_back();
  ObjectReader reader(value, pointer, faults);
  if (!value.is_object()) return;

  step.name = reader.text("name").value_or("");
  reader.require("name");
  const auto type = read_type(reader);
  if (type) step.type = *type;
  if (reader.any("needs") != nullptr) draft.any_needs = true;
  needs = read_needs(reader, faults);
  const bool has_items = reader.any("for_each") != nullptr;
  step.config = read_config(reader, type, has_items, expressions, faults);
  if (const Json* when = reader.any("when")) step.when = expressions.sole(*when, reader.pointer("when"));
  if (const Json* items = reader.any("for_each")) step.for_each = expressions.sole(*items, reader.pointer("for_each"));

  step.retry = defaults.retry;
  if (const Json* retry = reader.any("retry")) read_retry(*retry, reader.pointer("retry"), step.retry, faults);
  read_limits(reader, defaults, step);
  step.idempotent = reader.flag("idempotent").value_or(true);
  // After a crash the job of a `workflow` is found again, not made twice; and what has no worker begins nothing.
  if (type && (type == StepType::workflow || needs_no_worker(*type))) step.idempotent = true;
  if (type) refuse_idle_fields(reader, *type);
  read_placement(reader, expressions, step);
  expressions.within(std::nullopt);  // whatever is undone, all that was to be done has been done or given up
  if (const Json* compensate = reader.any("compensate"))
    step.compensate =
        read_compensation(*compensate, reader.pointer("compensate"), step, has_items, expressions, faults);
  reader.refuse_others("a step");
}

}  // namespace troupe
