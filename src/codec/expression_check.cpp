#include "codec/expression_check.hpp"

#include <algorithm>
#include <array>

#include "codec/jq_text.hpp"
#include "codec/suggestion.hpp"
#include "codec/template.hpp"

namespace troupe {
namespace {

constexpr std::array<std::string_view, 8> kRootNames = {"inputs", "metadata", "client_id", "job_id",
                                                        "run_id", "steps",    "attempt",   "item"};

bool names_secret(const std::vector<TemplatePart>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const TemplatePart& part) { return part.kind == TemplatePart::Kind::secret; });
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string() : std::string(text.substr(first, last - first + 1));
}

std::string shortened(std::string text) {
  constexpr std::size_t kShown = 200;
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

void ExpressionCheck::value(const Json& value, const std::string& pointer) {
  if (value.is_string()) return text(value.get_ref<const std::string&>(), pointer);
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i) this->value(value[i], pointer_append(pointer, std::to_string(i)));
  if (value.is_object())
    for (const auto& [name, member] : value.items()) this->value(member, pointer_append(pointer, name));
}

void ExpressionCheck::value_before_steps(const Json& value, const std::string& pointer) {
  before_steps_ = true;
  of_ = ExpressionOf::named_job;
  this->value(value, pointer);
  of_ = ExpressionOf::run;
  before_steps_ = false;
}

void ExpressionCheck::config(const Json& config, const std::string& pointer, bool has_items) {
  of_ = has_items ? ExpressionOf::item : ExpressionOf::attempt;
  value(config, pointer);
  of_ = ExpressionOf::run;
}

void ExpressionCheck::text(const std::string& text, const std::string& pointer) {
  if (!may_hold_expressions(text)) return;
  const auto parts = split_template(text);
  if (!parts.ok()) return faults_.push_back({pointer, parts.error().message});
  for (const TemplatePart& part : *parts)
    if (part.kind == TemplatePart::Kind::expression) expression(part.text, pointer);
}

std::string ExpressionCheck::sole(const Json& value, const std::string& pointer) {
  constexpr std::string_view kExpected = "must be one expression, written \"${ … }\"";
  if (value.is_string()) {
    const auto parts = split_template(value.get_ref<const std::string&>());
    if (!parts.ok()) {
      faults_.push_back({pointer, parts.error().message});
      return {};
    }
    if (names_secret(*parts)) return {};  // secret_check.hpp tells why it may not stand here
    if (const std::string* jq = sole_expression(*parts)) {
      expression(*jq, pointer);
      return trimmed(*jq);
    }
  }
  faults_.push_back({pointer, std::string(kExpected)});
  return {};
}

std::string ExpressionCheck::sole_before_run(const Json& value, const std::string& pointer) {
  of_ = ExpressionOf::job;
  std::string jq = sole(value, pointer);
  of_ = ExpressionOf::run;
  return jq;
}

void ExpressionCheck::expression(const std::string& jq, const std::string& pointer) {
  const std::size_t before = faults_.size();
  for (const RootField& field : root_fields(jq)) root_field(jq, field, pointer);
  if (faults_.size() > before || !check_) return;  // the same mistake would be told twice
  if (const auto wrong = check_(jq))
    faults_.push_back({pointer, "\"" + shortened(trimmed(jq)) + "\" is not an expression: " + *wrong});
}

/// What it does not see is found when it is evaluated.
void ExpressionCheck::root_field(std::string_view jq, const RootField& field, const std::string& pointer) {
  if (is_new_ && !sees(field.name) && !(before_steps_ && field.name == "steps"))
    return faults_.push_back({pointer, "\"" + shortened(trimmed(jq)) + "\": " + why_unseen(field.name)});
  if (field.name != "steps") return;
  std::string_view rest = field.rest;
  if (rest.starts_with("[\"") || rest.starts_with(".\"")) {
    rest.remove_prefix(2);
    const std::size_t end = rest.find('"');
    if (end != std::string_view::npos && rest.substr(0, end).find('\\') == std::string_view::npos)
      step_name(jq, rest.substr(0, end), {}, pointer);
  } else if (rest.size() > 1 && rest[0] == '.' && is_jq_name_char(rest[1])) {
    rest.remove_prefix(1);
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_jq_name_char);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    step_name(jq, rest.substr(0, length), rest.substr(length), pointer);
  }
}

bool ExpressionCheck::sees(std::string_view name) const {
  const auto end = kRootNames.begin() + static_cast<std::ptrdiff_t>(of_);
  return std::find(kRootNames.begin(), end, name) != end;
}

std::string ExpressionCheck::why_unseen(std::string_view name) const {
  const std::string none = "there is no ." + std::string(name);
  if (name == "item" && of_ == ExpressionOf::attempt) return none + ", since the step has no for_each";
  if ((name == "item" || name == "attempt") && of_ == ExpressionOf::run)
    return none + " here: only a step's config is evaluated for each item and attempt";
  const auto last = static_cast<std::size_t>(of_) - 1;
  std::string seen;
  for (std::size_t i = 0; i < last; ++i) seen += (i == 0 ? "." : ", .") + std::string(kRootNames[i]);
  return none + ", only " + seen + " and ." + std::string(kRootNames[last]);
}

void ExpressionCheck::step_name(std::string_view jq, std::string_view name, std::string_view rest,
                                const std::string& pointer) {
  if (before_steps_)
    return faults_.push_back(
        {pointer, "sees no steps, since none has begun then: inputs, metadata, client_id and job_id are there"});
  if (is_step(name)) {
    if (step_) references_.push_back({*step_, std::string(name), pointer, shortened(trimmed(jq))});
    return;
  }
  if (rest.starts_with('-')) {  // jq reads `.steps.to-do` as a subtraction
    const auto end = std::find_if_not(rest.begin(), rest.end(), [](char c) { return is_jq_name_char(c) || c == '-'; });
    const std::string whole = std::string(name) + std::string(rest.begin(), end);
    if (is_step(whole))
      return faults_.push_back({pointer, "a step name with \"-\" is written .steps[\"" + whole + "\"]"});
  }
  const std::vector<std::string_view> known(steps_.begin(), steps_.end());
  faults_.push_back({pointer, "there is no step \"" + std::string(name) + "\"" + did_you_mean(name, known)});
}

bool ExpressionCheck::is_step(std::string_view name) const {
  return std::find(steps_.begin(), steps_.end(), name) != steps_.end();
}

}  // namespace troupe
