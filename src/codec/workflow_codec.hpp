// Workflow definitions: JSON or YAML text to the compiled form, with every fault at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "troupe/base/result.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// Is this text (the inside of `${ … }`, or a `when`) a well-formed jq expression? Nothing, or what is wrong.
using CheckExpression = std::function<std::optional<std::string>(std::string_view expression)>;

/// Does the server's configuration list this command for `exec` steps?
using HasCommand = std::function<bool(std::string_view name)>;

struct ParsedWorkflow {
  WorkflowDefinition definition;  ///< version 0: the store gives it
  std::string canonical;          ///< canonical JSON of what was written; its SHA-256 is the definition's digest
};

/// Checks shape (unknown fields, types, per-type config), expressions, the inputs schema, then domain/validation's
/// rules. Fails with validation_failed and all faults, pointers from the definition's root; malformed_json for text
/// that is neither JSON nor YAML.
Result<ParsedWorkflow> parse_workflow(std::string_view text, const CheckExpression& check);

/// Likewise, of one that comes in: also refused are defaults that do not fit their schema, and what could be carried
/// out but never work. One that is stored is not asked, and stays usable on another server, or when more is refused
/// than on its day. Without `has_command` any command may be there.
Result<ParsedWorkflow> parse_new_workflow(std::string_view text, const CheckExpression& check,
                                          const HasCommand& has_command = {});

/// YAML (the JSON-like subset: no tags, no anchors that expand beyond the limits) to JSON. Plain scalars follow the
/// YAML 1.2 core schema: `yes` is a string, `0123` a number only as YAML 1.2 says.
Result<Json> parse_yaml(std::string_view text);

}  // namespace troupe
