// Templates over a scope: every `${ … }` within the strings of a JSON value.
#pragma once

#include "expr/scope.hpp"

namespace troupe {

/// What becomes of the form's `${secret:NAME}`: a mark that a worker puts the value in place of
/// (codec/secret_mark.hpp), or text. What comes out of an expression is text in either case, whatever it says.
enum class SecretParts { marked, plain_text };

/// Fails with the place (a JSON Pointer) and the expression in the message, and a fault at the place.
Result<Json> render_in(const Scope& scope, const Json& form, SecretParts secrets);

}  // namespace troupe
