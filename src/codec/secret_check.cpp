#include "codec/secret_check.hpp"

#include <optional>

#include "codec/template.hpp"

namespace troupe {
namespace {

constexpr std::string_view kAllowed =
    "\"${secret:NAME}\" may stand only in the config of a step or of its compensation";

/// `$${secret:` is text, as in expressions.
bool names_secret(std::string_view text) {
  for (std::size_t at = text.find(kSecretMark); at != std::string_view::npos; at = text.find(kSecretMark, at + 1))
    if (at == 0 || text[at - 1] != '$') return true;
  return false;
}

class SecretCheck {
 public:
  explicit SecretCheck(std::vector<Fault>& faults) : faults_(faults) {}

  void definition(const Json& root) {
    for (const auto& [name, member] : root.items()) {
      const std::string pointer = pointer_append("", name);
      member_name(name, pointer);
      if (name != "steps" || !member.is_array()) {
        refuse(member, pointer, std::string(kAllowed) + ": what is here is stored and shown");
        continue;
      }
      for (std::size_t i = 0; i < member.size(); ++i) step(member[i], pointer_append(pointer, std::to_string(i)));
    }
  }

 private:
  /// Of a step, or of its compensation.
  void step(const Json& step, const std::string& pointer) {
    if (!step.is_object()) return refuse(step, pointer, std::string(kAllowed));
    const auto type = step.contains("type") && step["type"].is_string()
                          ? step_type_from_text(step["type"].get_ref<const std::string&>())
                          : std::nullopt;
    for (const auto& [name, member] : step.items()) {
      const std::string place = pointer_append(pointer, name);
      member_name(name, place);
      if (name == "compensate")
        this->step(member, place);
      else if (name != "config")
        refuse(member, place, std::string(kAllowed) + ": what is here is stored and shown");
      else if (type && !takes_secrets(*type))
        refuse(member, place,
               "a step of type " + std::string(step_type_text(*type)) +
                   " takes no \"${secret:NAME}\": its config becomes part of what is stored and shown");
      else
        member_names(member, place);
    }
  }

  void refuse(const Json& value, const std::string& pointer, const std::string& why) {
    if (value.is_string()) {
      if (names_secret(value.get_ref<const std::string&>())) faults_.push_back({pointer, why});
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) refuse(value[i], pointer_append(pointer, std::to_string(i)), why);
    } else if (value.is_object()) {
      for (const auto& [name, member] : value.items()) {
        const std::string place = pointer_append(pointer, name);
        member_name(name, place);
        refuse(member, place, why);
      }
    }
  }

  void member_names(const Json& value, const std::string& pointer) {
    if (value.is_array())
      for (std::size_t i = 0; i < value.size(); ++i) member_names(value[i], pointer_append(pointer, std::to_string(i)));
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.items()) {
      const std::string place = pointer_append(pointer, name);
      member_name(name, place);
      member_names(member, place);
    }
  }

  void member_name(const std::string& name, const std::string& pointer) {
    if (names_secret(name)) faults_.push_back({pointer, "\"${secret:NAME}\" may not be part of a name"});
  }

  std::vector<Fault>& faults_;
};

}  // namespace

bool takes_secrets(StepType type) { return type == StepType::noop || type == StepType::http || type == StepType::exec; }

void refuse_misplaced_secrets(const Json& root, std::vector<Fault>& faults) { SecretCheck(faults).definition(root); }

}  // namespace troupe
