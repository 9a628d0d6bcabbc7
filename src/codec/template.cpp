#include "codec/template.hpp"

#include <algorithm>

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

bool is_all_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_blank(c); });
}

bool is_secret_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
}

/// The position of the brace that closes jq text beginning at `at`; npos if there is none.
std::size_t closing_brace(std::string_view text, std::size_t at) {
  // What is open, innermost last: a bracket waits for its partner, '"' for the end of a string. "\(" within a string
  // opens '(', and its partner leads back into the string.
  std::string open;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (!open.empty() && open.back() == '"') {
      if (c == '"') {
        open.pop_back();
      } else if (c == '\\' && ++at < text.size() && text[at] == '(') {
        open += '(';
      }
    } else if (c == '"' || c == '{' || c == '[' || c == '(') {
      open += c;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '}' && open.empty()) {
      return at;
    } else if (c == '}' || c == ']' || c == ')') {
      if (!open.empty()) open.pop_back();  // whether it is the right one, jq says
    }
  }
  return std::string_view::npos;
}

}  // namespace

Result<std::vector<TemplatePart>> split_template(std::string_view text) {
  std::vector<TemplatePart> parts;
  const auto add = [&](TemplatePart::Kind kind, std::string_view part) {
    if (kind == TemplatePart::Kind::text && !parts.empty() && parts.back().kind == kind)
      parts.back().text += part;
    else if (kind != TemplatePart::Kind::text || !part.empty())
      parts.push_back({kind, std::string(part)});
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t mark = text.find("${", at);
    if (mark == std::string_view::npos) break;
    if (mark > at && text[mark - 1] == '$') {  // "$${" stands for "${"
      add(TemplatePart::Kind::text, text.substr(at, mark - 1 - at));
      add(TemplatePart::Kind::text, "${");
      at = mark + 2;
      continue;
    }
    add(TemplatePart::Kind::text, text.substr(at, mark - at));
    const bool secret = text.substr(mark).starts_with(kSecretMark);
    const std::size_t end = secret ? text.find('}', mark) : closing_brace(text, mark + 2);
    if (end == std::string_view::npos)
      return {ErrorCode::expression_failed,
              "\"${\" is never closed with \"}\"; write \"$${\" where no expression is meant"};
    const std::string_view inside = text.substr(mark + 2, end - mark - 2);
    if (secret) {
      const std::string_view name = text.substr(mark + kSecretMark.size(), end - mark - kSecretMark.size());
      if (!is_secret_name(name))
        return {ErrorCode::expression_failed, "\"${secret:NAME}\" needs a name of A-Z a-z 0-9 _ - ."};
      add(TemplatePart::Kind::secret, name);
    } else {
      if (is_all_blank(inside)) return {ErrorCode::expression_failed, "\"${ }\" holds no expression"};
      add(TemplatePart::Kind::expression, inside);
    }
    at = end + 1;
  }
  add(TemplatePart::Kind::text, text.substr(at));
  return parts;
}

const std::string* sole_expression(const std::vector<TemplatePart>& parts) {
  return parts.size() == 1 && parts[0].kind == TemplatePart::Kind::expression ? &parts[0].text : nullptr;
}

}  // namespace troupe
