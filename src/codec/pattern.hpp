// A regular expression of a JSON Schema: ECMAScript syntax over Unicode text.
//
// Over oniguruma rather than std::regex, which the schema library would use: std::regex recurses once per character, so
// that a long string in a request overflows the stack, it cannot be stopped when a pattern backtracks without end, and
// it sees bytes instead of characters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/result.hpp"

namespace troupe {

/// Immutable, thread-safe.
class Pattern {
 public:
  /// Fails with validation_failed and what is wrong with the expression.
  static Result<Pattern> compile(std::string_view expression);

  enum class Match { yes, no, too_costly };
  /// Does it match anywhere in the text? `too_costly` after kRetriesMax steps back.
  Match search(std::string_view text) const;

 private:
  explicit Pattern(std::shared_ptr<void> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<void> compiled_;
};

}  // namespace troupe
