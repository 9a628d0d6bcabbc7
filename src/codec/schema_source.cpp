#include "codec/schema_source.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "codec/suggestion.hpp"

namespace troupe {
namespace {

enum class Expects {
  schema,
  schema_or_list,
  schema_list,
  schema_map,
  count,
  number,
  positive,
  flag,
  text,
  pattern,
  names,
  types,
  list,
  anything
};

struct Keyword {
  std::string_view name;
  Expects expects;
};

constexpr Keyword kKeywords[] = {
    {"$ref", Expects::text},
    {"additionalItems", Expects::schema},
    {"additionalProperties", Expects::schema},
    {"allOf", Expects::schema_list},
    {"anyOf", Expects::schema_list},
    {"const", Expects::anything},
    {"contains", Expects::schema},
    {"default", Expects::anything},
    {"definitions", Expects::schema_map},
    {"dependencies", Expects::anything},
    {"description", Expects::text},
    {"else", Expects::schema},
    {"enum", Expects::list},
    {"exclusiveMaximum", Expects::number},
    {"exclusiveMinimum", Expects::number},
    {"format", Expects::text},
    {"if", Expects::schema},
    {"items", Expects::schema_or_list},
    {"maxItems", Expects::count},
    {"maxLength", Expects::count},
    {"maxProperties", Expects::count},
    {"maximum", Expects::number},
    {"minItems", Expects::count},
    {"minLength", Expects::count},
    {"minProperties", Expects::count},
    {"minimum", Expects::number},
    {"multipleOf", Expects::positive},
    {"not", Expects::schema},
    {"oneOf", Expects::schema_list},
    {"pattern", Expects::pattern},
    {"patternProperties", Expects::schema_map},
    {"properties", Expects::schema_map},
    {"propertyNames", Expects::schema},
    {"required", Expects::names},
    {"then", Expects::schema},
    {"title", Expects::text},
    {"type", Expects::types},
    {"uniqueItems", Expects::flag},
};

const std::vector<std::string_view> kTypes = {"array", "boolean", "integer", "null", "number", "object", "string"};

class Reader {
 public:
  explicit Reader(const Json& root) : root_(root) {}

  void schema(const Json& node, const std::string& at) {
    if (node.is_boolean() || !visited_.insert(&node).second) return;
    if (!node.is_object()) return fault(at, "must be a schema: an object, or true or false");
    if (const auto reference = node.find("$ref"); reference != node.end())
      return this->reference(*reference, pointer_append(at, "$ref"));  // its neighbours count for nothing in draft 7
    for (const Keyword& keyword : kKeywords)
      if (const auto value = node.find(keyword.name); value != node.end())
        member(keyword, *value, pointer_append(at, keyword.name));
    if (const auto value = node.find("dependencies"); value != node.end())
      dependencies(*value, pointer_append(at, "dependencies"));
    if (const auto value = node.find("patternProperties"); value != node.end() && value->is_object())
      for (const auto& [expression, unused] : value->items())
        pattern(expression, pointer_append(pointer_append(at, "patternProperties"), expression));
    if (const auto value = node.find("enum"); value != node.end()) source_.choices.push_back(&*value);
    if (const auto value = node.find("const"); value != node.end()) source_.constants.push_back(&*value);
    if (node.contains("default")) source_.defaults.emplace_back(&node, at);
  }

  /// Whatever references lead to is looked at too, wherever it stands.
  SchemaSource finish() && {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const auto [node, at] = targets_[i];
      schema(*node, at);
      levels_ += height(*node);
    }
    // The library recurses through references, a few kilobytes of stack each level; this bounds the longest way it can
    // go.
    constexpr std::size_t kLevelsMax = 300;
    demand(levels_ <= kLevelsMax, "", "its references are nested too deeply");
    return std::move(source_);
  }

 private:
  void fault(const std::string& at, std::string message) { source_.faults.push_back({at, std::move(message)}); }
  void demand(bool holds, const std::string& at, std::string_view message) {
    if (!holds) fault(at, std::string(message));
  }

  void member(const Keyword& keyword, const Json& value, const std::string& at) {
    switch (keyword.expects) {
      case Expects::anything: return;
      case Expects::schema: return schema(value, at);
      case Expects::schema_or_list: return value.is_array() ? list(value, at) : schema(value, at);
      case Expects::schema_list:
        if (!value.is_array() || value.empty()) return fault(at, "must be a list of at least one schema");
        return list(value, at);
      case Expects::schema_map:
        if (!value.is_object()) return fault(at, "must be an object of schemas");
        for (const auto& [name, child] : value.items()) schema(child, pointer_append(at, name));
        return;
      case Expects::count:
        return demand(value.is_number_integer() && value >= 0, at, "must be an integer of at least 0");
      case Expects::number: return demand(value.is_number(), at, "must be a number");
      case Expects::positive: return demand(value.is_number() && value > 0, at, "must be a number above 0");
      case Expects::flag: return demand(value.is_boolean(), at, "must be true or false");
      case Expects::text: return demand(value.is_string(), at, "must be a string");
      case Expects::pattern:
        if (!value.is_string()) return fault(at, "must be a string");
        return pattern(value.get_ref<const std::string&>(), at);
      case Expects::names: return demand(is_list_of_strings(value), at, "must be a list of names");
      case Expects::list: return demand(value.is_array() && !value.empty(), at, "must be a list of at least one value");
      case Expects::types: return types(value, at);
    }
  }

  void list(const Json& schemas, const std::string& at) {
    for (std::size_t i = 0; i < schemas.size(); ++i) schema(schemas[i], pointer_append(at, std::to_string(i)));
  }

  void types(const Json& value, const std::string& at) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) type(value[i], pointer_append(at, std::to_string(i)));
      return demand(!value.empty(), at, "must name at least one type");
    }
    type(value, at);
  }
  void type(const Json& value, const std::string& at) {
    if (value.is_string() &&
        std::find(kTypes.begin(), kTypes.end(), value.get_ref<const std::string&>()) != kTypes.end())
      return;
    fault(at, "must be array, boolean, integer, null, number, object or string" +
                  (value.is_string() ? did_you_mean(value.get_ref<const std::string&>(), kTypes) : std::string()));
  }

  void pattern(const std::string& expression, const std::string& at) {
    if (source_.patterns.contains(expression)) return;
    auto compiled = Pattern::compile(expression);
    if (compiled.ok())
      source_.patterns.emplace(expression, *std::move(compiled));
    else
      fault(at, "is not a regular expression: " + compiled.error().message);
  }

  void dependencies(const Json& value, const std::string& at) {
    if (!value.is_object()) return fault(at, "must be an object");
    for (const auto& [name, dependency] : value.items()) {
      const std::string place = pointer_append(at, name);
      if (dependency.is_array())
        demand(is_list_of_strings(dependency), place, "must be a list of names");
      else
        schema(dependency, place);
    }
  }

  void reference(const Json& value, const std::string& at) {
    if (!value.is_string()) return fault(at, "must be a string");
    const Json* reference = &value;
    for (std::size_t hops = 0;; ++hops) {
      const std::string& text = reference->get_ref<const std::string&>();
      if (!text.starts_with('#')) return fault(at, "must stay within the schema: a reference that begins with #");
      const Json* target = resolve_reference(root_, text);
      if (target == nullptr) return fault(at, "there is nothing at \"" + text + "\"");
      if (!target->is_object() || !target->contains("$ref")) {
        if (!target->is_object() && !target->is_boolean()) return fault(at, "must lead to a schema");
        if (targeted_.insert(target).second) targets_.push_back({target, text.substr(1)});
        return;
      }
      reference = &target->at("$ref");
      constexpr std::size_t kHopsMax = 32;
      if (!reference->is_string() || hops == kHopsMax) return fault(at, "leads only to other references");
    }
  }

  static bool is_list_of_strings(const Json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); });
  }

  static std::size_t height(const Json& value) {
    std::size_t highest = 0;
    if (value.is_structured())
      for (const Json& child : value) highest = std::max(highest, height(child));
    return highest + 1;
  }

  const Json& root_;
  SchemaSource source_;
  std::set<const Json*> visited_;
  std::set<const Json*> targeted_;
  std::vector<std::pair<const Json*, std::string>> targets_;  ///< where references lead, each once
  std::size_t levels_ = 0;
};

/// A token of a pointer within a URI fragment: %20, ~1 and ~0 decoded.
std::string decode_token(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    unsigned int code = 0;
    if (token[i] == '%' && i + 2 < token.size() &&
        std::from_chars(token.data() + i + 1, token.data() + i + 3, code, 16).ptr == token.data() + i + 3) {
      text += static_cast<char>(code);
      i += 2;
    } else {
      text += token[i];
    }
  }
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1'))
      result += text[++i] == '0' ? '~' : '/';
    else
      result += text[i];
  }
  return result;
}

}  // namespace

SchemaSource read_schema_source(const Json& schema) {
  Reader reader(schema);
  reader.schema(schema, "");
  return std::move(reader).finish();
}

const Json* resolve_reference(const Json& root, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  const Json* node = &root;
  while (!reference.empty()) {
    if (reference.front() != '/') return nullptr;
    reference.remove_prefix(1);
    const std::size_t end = std::min(reference.find('/'), reference.size());
    const std::string token = decode_token(reference.substr(0, end));
    reference.remove_prefix(end);
    if (node->is_object()) {
      const auto member = node->find(token);
      if (member == node->end()) return nullptr;
      node = &*member;
    } else if (node->is_array()) {
      std::size_t index = 0;
      const auto [rest, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (error != std::errc() || rest != token.data() + token.size() || index >= node->size()) return nullptr;
      node = &(*node)[index];
    } else {
      return nullptr;
    }
  }
  return node;
}

}  // namespace troupe
