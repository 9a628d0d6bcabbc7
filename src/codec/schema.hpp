// JSON Schema (draft 7) over valijson.
#pragma once

#include <memory>
#include <vector>

#include "codec/json.hpp"

namespace troupe {

/// A compiled schema. Immutable, thread-safe.
class JsonSchema {
 public:
  /// Fails with validation_failed when it is not a schema. References out of the document are refused.
  static Result<std::shared_ptr<const JsonSchema>> compile(const Json& schema);
  ~JsonSchema();

  /// All faults, each with its place in the value (`/count`), in plain words: names what was expected.
  std::vector<Fault> validate(const Json& value) const;
  /// Members absent from an object value whose property schema names a `default` are added (top level and nested).
  /// False: there is no end of it (`allOf` names the schema that it stands in), or it is more than 4 MiB; the value is
  /// of no use then.
  [[nodiscard]] bool apply_defaults(Json& value) const;

  /// The faults of defaults that do not fit the schema that they stand in, with pointers into the schema. Not looked at
  /// are those whose schema leads elsewhere by references: what they fill in is validated like all else.
  std::vector<Fault> check_defaults() const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace troupe
