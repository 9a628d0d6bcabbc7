#include "expr/expression_text.hpp"

#include <algorithm>

#include "codec/jq_text.hpp"

namespace troupe {
namespace {

constexpr std::size_t kExcerptBytes = 200;

bool is_word(char c) {
  return is_jq_name_char(c) || c == '.' || c == ':' || c == '$' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_sign(char c) { return std::string_view("|=+-*/%<>!?").find(c) != std::string_view::npos; }

}  // namespace

std::string without_blanks(std::string_view expression) {
  while (!expression.empty() && is_blank(expression.front())) expression.remove_prefix(1);
  while (!expression.empty() && is_blank(expression.back())) expression.remove_suffix(1);
  return std::string(expression);
}

std::string excerpt(std::string_view expression) {
  std::string text = without_blanks(expression);
  std::replace_if(text.begin(), text.end(), is_blank, ' ');
  if (text.size() <= kExcerptBytes) return text;
  std::size_t end = kExcerptBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::vector<std::string_view> expression_parts(std::string_view expression) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < expression.size();) {
    const char c = expression[at];
    std::size_t end = at + 1;
    if (c == '#') {
      at = std::min(expression.find('\n', at), expression.size());
      continue;
    }
    if (is_blank(c)) {
      ++at;
      continue;
    }
    if (c == '"')
      end = jq_string_end(expression, at);
    else if (is_word(c))
      while (end < expression.size() && is_word(expression[end])) ++end;
    else if (is_sign(c))
      while (end < expression.size() && is_sign(expression[end])) ++end;
    parts.push_back(expression.substr(at, end - at));
    at = end;
  }
  return parts;
}

}  // namespace troupe
