#include "codec/hopeless_config.hpp"

#include <algorithm>

#include "codec/object_reader.hpp"
#include "codec/step_config.hpp"
#include "codec/template.hpp"
#include "codec/utf8.hpp"
#include "troupe/base/token.hpp"

namespace troupe {
namespace {

/// But for the tab, which a header may hold.
bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

bool writes_control(const std::string& text) {
  const auto parts = split_template(text);
  return parts.ok() && std::any_of(parts->begin(), parts->end(), [](const TemplatePart& part) {
           return part.kind == TemplatePart::Kind::text && std::any_of(part.text.begin(), part.text.end(), is_control);
         });
}

/// Null where it is made by an expression, or is no text.
const std::string* written_text(const Json& config, const char* name) {
  const auto value = config.find(name);
  if (value == config.end() || !value->is_string() || holds_expressions(*value)) return nullptr;
  return &value->get_ref<const std::string&>();
}

void check_headers(const Json& config, const std::string& pointer, std::vector<Fault>& faults) {
  const auto headers = config.find("headers");
  if (headers == config.end() || !headers->is_object()) return;
  for (const auto& [name, value] : headers->items()) {
    const std::string place = pointer_append(pointer + "/headers", name);
    if (!is_token(name))
      faults.push_back(
          {place, "cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ may be in it"});
    if (value.is_string() && writes_control(value.get_ref<const std::string&>()))
      faults.push_back({place, "cannot be the value of a header: it has a line break or another control character"});
  }
}

void check_command(const Json& config, const std::string& pointer, const HasCommand& has_command,
                   std::vector<Fault>& faults) {
  const auto* name = written_text(config, "command");
  if (name && !name->empty() && has_command && !has_command(*name))
    faults.push_back({pointer + "/command", "the server has no command \"" + *name + "\" in its [exec.commands]"});
}

void check_picture(const Json& config, const std::string& pointer, std::vector<Fault>& faults) {
  if (const auto* prompt = written_text(config, "prompt"))
    if (const std::size_t characters = count_characters(*prompt); characters == 0 || characters > kPromptCharsMax)
      faults.push_back({pointer + "/prompt", "has " + std::to_string(characters) + " characters; 1 to " +
                                                 std::to_string(kPromptCharsMax) + " are allowed"});
  if (const auto* style = written_text(config, "style");
      style && std::find(std::begin(kGenerateStyles), std::end(kGenerateStyles), *style) == std::end(kGenerateStyles))
    faults.push_back({pointer + "/style", "is none of " + generate_style_list()});
}

void check_approval(const Json& config, const std::string& pointer, std::vector<Fault>& faults) {
  const auto assets = config.find("assets");
  if (assets != config.end() && assets->is_array() && assets->empty())
    faults.push_back({pointer + "/assets", "is empty: nobody could approve anything"});
}

}  // namespace

void refuse_hopeless_configs(const WorkflowDefinition& workflow, const HasCommand& has_command,
                             std::vector<Fault>& faults) {
  const auto check = [&](StepType type, const Document& document, const std::string& pointer) {
    const Json config = from_document(document);
    if (!config.is_object()) return;
    if (type == StepType::http) check_headers(config, pointer, faults);
    if (type == StepType::exec) check_command(config, pointer, has_command, faults);
    if (type == StepType::generate) check_picture(config, pointer, faults);
    if (type == StepType::approval) check_approval(config, pointer, faults);
  };
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const StepDefinition& step = workflow.steps[i];
    const std::string pointer = "/steps/" + std::to_string(i);
    check(step.type, step.config, pointer + "/config");
    if (step.compensate) check(step.compensate->type, step.compensate->config, pointer + "/compensate/config");
  }
}

}  // namespace troupe
