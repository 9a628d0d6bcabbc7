// Which members an expression takes of what it is given (`.inputs` of the run), as far as its text tells for certain.
#pragma once

#include <string_view>
#include <vector>

namespace troupe {

/// `.name`, `."name"` or `.["name"]`.
struct RootField {
  std::string_view name;
  std::string_view rest;  ///< of the expression, behind it
};

/// In the order of the text. Nothing is told of what stands where `.` may be something else (behind a pipe or a
/// binding, within a function's argument), nor of an expression that assigns: it makes members of its own.
std::vector<RootField> root_fields(std::string_view jq);

}  // namespace troupe
