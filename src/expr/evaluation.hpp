// One expression over a scope: by its path where it is one, else by jq.
#pragma once

#include <string_view>

#include "expr/scope.hpp"

namespace troupe {

/// Fails with expression_failed (or output_too_large) and the expression in the message.
Result<Json> evaluate_in(const Scope& scope, std::string_view expression);

}  // namespace troupe
