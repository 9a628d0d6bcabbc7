// The expressions that nearly all templates are made of: a plain path such as `.steps.render.assets[0].url`. They are
// read and followed here, with jq's rules and errors, in less than a microsecond; jq itself would need 18 ms once to
// compile and every time a copy of all that the run knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/json.hpp"

namespace troupe {

class Path {
 public:
  /// Nothing when the expression is anything else than `.`, `.name`, `["name"]` and `[number]`.
  static std::optional<Path> parse(std::string_view expression);

  /// Fails with expression_failed in jq's words.
  Result<Json> follow(const Json& scope) const;

 private:
  std::vector<std::variant<std::string, std::int64_t>> steps_;
};

}  // namespace troupe
