#include "expr/path.hpp"

#include <charconv>

#include "codec/jq_text.hpp"

namespace troupe {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

/// Takes `"text"` without escapes from the front.
std::optional<std::string> take_string(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t end = rest.find_first_of("\"\\", 1);
  if (end == std::string_view::npos || rest[end] == '\\') return std::nullopt;
  std::string text(rest.substr(1, end - 1));
  rest.remove_prefix(end + 1);
  return text;
}

std::string_view kind_of(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

const Json kNull;

}  // namespace

std::optional<Path> Path::parse(std::string_view expression) {
  std::string_view rest = trimmed(expression);
  if (!rest.starts_with('.')) return std::nullopt;
  Path path;
  if (rest == ".") return path;
  if (rest.starts_with(".[")) rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest.size() > 1 && rest[0] == '.' && is_jq_name_start(rest[1])) {
      std::size_t end = 2;
      while (end < rest.size() && is_jq_name_char(rest[end])) ++end;
      path.steps_.emplace_back(std::string(rest.substr(1, end - 1)));
      rest.remove_prefix(end);
    } else if (rest[0] == '[') {
      rest.remove_prefix(1);
      std::int64_t index = 0;
      if (auto name = take_string(rest)) {
        path.steps_.emplace_back(std::move(*name));
      } else if (const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
                 error == std::errc()) {
        path.steps_.emplace_back(index);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
      } else {
        return std::nullopt;
      }
      if (!rest.starts_with(']')) return std::nullopt;
      rest.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  return path;
}

Result<Json> Path::follow(const Json& scope) const {
  const Json* value = &scope;
  for (const auto& step : steps_) {
    if (value->is_null()) return Json();
    if (const auto* name = std::get_if<std::string>(&step)) {
      if (!value->is_object())
        return {ErrorCode::expression_failed,
                "Cannot index " + std::string(kind_of(*value)) + " with string \"" + *name + "\""};
      const auto member = value->find(*name);
      value = member == value->end() ? &kNull : &*member;
    } else {
      if (!value->is_array())
        return {ErrorCode::expression_failed, "Cannot index " + std::string(kind_of(*value)) + " with number"};
      const auto size = static_cast<std::int64_t>(value->size());
      std::int64_t index = std::get<std::int64_t>(step);
      if (index < 0) index += size;
      value = index < 0 || index >= size ? &kNull : &(*value)[static_cast<std::size_t>(index)];
    }
  }
  return *value;
}

}  // namespace troupe
