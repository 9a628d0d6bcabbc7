#include "config/toml_file.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace troupe {
namespace {

using Kind = RawValue::Kind;

RawValue convert(const toml::node& node) {
  RawValue value;
  value.line = static_cast<int>(node.source().begin.line);
  if (const auto* table = node.as_table()) {
    value.kind = Kind::table;
    for (const auto& [key, member] : *table) value.members.emplace_back(std::string(key.str()), convert(member));
    // toml++ sorts by name; faults are to be told in the order of the file.
    std::stable_sort(value.members.begin(), value.members.end(),
                     [](const auto& left, const auto& right) { return left.second.line < right.second.line; });
  } else if (const auto* array = node.as_array()) {
    value.kind = Kind::list;
    for (const auto& element : *array) value.elements.push_back(convert(element));
  } else if (const auto* text = node.as_string()) {
    value.kind = Kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Kind::integer;
    value.text = std::to_string(integer->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Kind::boolean;
    value.text = boolean->get() ? "true" : "false";
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = Kind::real;
    std::ostringstream shown;
    shown << real->get();
    value.text = shown.str();
  } else {
    value.kind = Kind::other;
  }
  return value;
}

}  // namespace

Result<RawValue> parse_toml(std::string_view text, const std::string& name) {
  const toml::parse_result parsed = toml::parse(text, name);
  if (parsed) return convert(parsed.table());
  const toml::parse_error& wrong = parsed.error();
  Error error{ErrorCode::invalid_configuration, name + " is not well-formed TOML", false, {}};
  error.faults.push_back({name + ":" + std::to_string(wrong.source().begin.line), std::string(wrong.description())});
  return error;
}

}  // namespace troupe
