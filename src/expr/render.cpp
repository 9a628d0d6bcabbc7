#include "expr/render.hpp"

#include "codec/secret_mark.hpp"
#include "codec/template.hpp"
#include "expr/evaluation.hpp"
#include "expr/expr.hpp"

namespace troupe {
namespace {

Error at_place(const std::string& pointer, Error error) {
  error.faults = {{pointer, error.message}};
  if (!pointer.empty()) error.message = pointer + ": " + error.message;
  return error;
}

class Renderer {
 public:
  Renderer(const Scope& scope, SecretParts secrets) : scope_(scope), secrets_(secrets) {}

  Result<Json> render(const Json& form, const std::string& pointer) {
    if (form.is_string()) return render_text(form.get_ref<const std::string&>(), pointer);
    Json result = form.is_structured() ? Json(form.type()) : form;
    if (form.is_array()) {
      for (std::size_t i = 0; i < form.size(); ++i) {
        auto item = render(form[i], pointer_append(pointer, std::to_string(i)));
        if (!item.ok()) return item;
        result.push_back(*std::move(item));
      }
    } else if (form.is_object()) {
      for (const auto& [name, member] : form.items()) {
        auto value = render(member, pointer_append(pointer, name));
        if (!value.ok()) return value;
        result[name] = *std::move(value);
      }
    }
    return result;
  }

 private:
  Result<Json> render_text(const std::string& text, const std::string& pointer) {
    if (!may_hold_expressions(text)) return Json(text);
    const auto parts = split_template(text);
    if (!parts.ok()) return at_place(pointer, parts.error());
    if (const std::string* expression = sole_expression(*parts)) {
      auto value = evaluate_in(scope_, *expression);
      if (!value.ok()) return at_place(pointer, std::move(value).error());
      return spend(*std::move(value), pointer);
    }
    return splice(*parts, pointer);
  }

  Result<Json> splice(const std::vector<TemplatePart>& parts, const std::string& pointer) {
    std::string text;
    for (const TemplatePart& part : parts) {
      if (part.kind == TemplatePart::Kind::expression) {
        auto value = evaluate_in(scope_, part.text);
        if (!value.ok()) return at_place(pointer, std::move(value).error());
        text += value->is_string() ? value->get_ref<const std::string&>() : to_text(*value);
      } else if (part.kind == TemplatePart::Kind::secret) {
        text += secrets_ == SecretParts::marked ? secret_mark(part.text) : std::string(kSecretMark) + part.text + "}";
      } else {
        text += part.text;
      }
    }
    return spend(std::move(text), pointer);
  }

  /// Each value is bounded by itself; this bounds what many of them make together.
  Result<Json> spend(Json value, const std::string& pointer) {
    bytes_ += value.is_primitive() && !value.is_string() ? 8 : to_text(value).size();
    if (bytes_ > limits::kOutputBytes)
      return at_place(pointer, {ErrorCode::output_too_large,
                                "the values have more than " + std::to_string(limits::kOutputBytes) + " bytes",
                                false,
                                {}});
    return value;
  }

  const Scope& scope_;
  const SecretParts secrets_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Json> render_in(const Scope& scope, const Json& form, SecretParts secrets) {
  return Renderer(scope, secrets).render(form, "");
}

Result<Json> render(const Json& form, const Json& scope) { return render_in(Scope(scope), form, SecretParts::marked); }

bool is_literal(std::string_view template_json) {
  // Our own documents never write `$` or `{` as an escape; others might, and are then looked into.
  return template_json.find("${") == std::string_view::npos && template_json.find("\\u00") == std::string_view::npos;
}

}  // namespace troupe
