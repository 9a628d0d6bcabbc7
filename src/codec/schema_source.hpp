// A JSON Schema as it was written, looked over before the schema library compiles it: the library's own messages name
// no place, it follows a circle of references until the stack ends, and it forgets what it was given.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/pattern.hpp"

namespace troupe {

struct SchemaSource {
  std::vector<Fault> faults;                                  ///< with pointers into the schema
  std::map<std::string, Pattern, std::less<>> patterns;       ///< by their text
  std::vector<const Json*> choices;                           ///< every `enum` list
  std::vector<const Json*> constants;                         ///< every `const` value
  std::vector<std::pair<const Json*, std::string>> defaults;  ///< schemas with a `default`, and where they stand
};

/// The result points into `schema`.
SchemaSource read_schema_source(const Json& schema);

/// What a `$ref` within the document means; null when it leads nowhere or out of the document.
const Json* resolve_reference(const Json& root, std::string_view reference);

}  // namespace troupe
