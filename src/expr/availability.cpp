#include "expr/availability.hpp"

#include <algorithm>

#include "codec/jq_text.hpp"

namespace troupe {
namespace {

constexpr std::string_view kUnavailable[] = {
    "debug",          "env",    "get_search_list",   "halt",      "halt_error", "import", "include", "input",
    "input_filename", "inputs", "input_line_number", "localtime", "modulemeta", "now",    "stderr",  "strflocaltime",
    "$ENV",
};

}  // namespace

std::optional<std::string> find_unavailable(std::string_view expression) {
  std::string open;     // brackets and strings that are open, innermost last, as in codec/template.cpp
  char previous = ' ';  // the last character that is no space
  for (std::size_t at = 0; at < expression.size();) {
    const char c = expression[at];
    if (!open.empty() && open.back() == '"') {
      if (c == '\\') {
        if (++at < expression.size() && expression[at] == '(') {
          open += '(';
          previous = '(';
        }
      } else if (c == '"') {
        open.pop_back();
        previous = '"';
      }
      ++at;
    } else if (is_jq_name_char(c) || c == '$' || c == '.' || c == '@') {
      std::size_t end = at + 1;
      while (end < expression.size() && is_jq_name_char(expression[end])) ++end;
      const std::string_view word = expression.substr(at, end - at);
      std::size_t next = end;
      while (next < expression.size() && is_blank(expression[next])) ++next;
      const bool names_member = (next < expression.size() && expression[next] == ':' && word[0] != '$') ||
                                (!open.empty() && open.back() == '{' && (previous == '{' || previous == ','));
      if (!names_member && std::find(std::begin(kUnavailable), std::end(kUnavailable), word) != std::end(kUnavailable))
        return "`" + std::string(word) + "` is not available in expressions";
      previous = word.back();
      at = end;
    } else {
      if (c == '#') {
        at = std::min(expression.find('\n', at), expression.size());
        continue;
      }
      if (c == '"' || c == '(' || c == '[' || c == '{') open += c;
      if ((c == ')' || c == ']' || c == '}') && !open.empty()) open.pop_back();
      if (!is_blank(c)) previous = c;
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace troupe
