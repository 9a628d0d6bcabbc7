// Strings that hold expressions: where each `${ … }` begins and ends. What is inside is jq, which only the expr room
// understands; here just enough of it is read to find the closing brace: brackets, strings, `\( … )` within strings,
// and comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/result.hpp"

namespace troupe {

struct TemplatePart {
  enum class Kind { text, expression, secret };
  Kind kind = Kind::text;
  std::string text;  ///< text: as it will appear; expression: the jq; secret: its name

  bool operator==(const TemplatePart&) const = default;
};

/// Fails with expression_failed when a `${` is not closed, is empty, or names a secret wrongly.
Result<std::vector<TemplatePart>> split_template(std::string_view text);

/// The jq of a string that is one expression and nothing else; null otherwise.
const std::string* sole_expression(const std::vector<TemplatePart>& parts);

/// Quick: may this text hold anything that split_template would not leave as it is?
inline bool may_hold_expressions(std::string_view text) { return text.find("${") != std::string_view::npos; }

inline constexpr std::string_view kSecretMark = "${secret:";

}  // namespace troupe
