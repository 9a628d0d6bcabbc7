// Templates over a scope: every `${ … }` within the strings of a JSON value.
#pragma once

#include "expr/scope.hpp"

namespace troupe {

/// Whether `${secret:NAME}` in the result will be resolved by a worker. If so, none may come out of an expression: a
/// client could otherwise name a secret in its inputs and have it sent where it likes.
enum class Secrets { resolved_later, plain_text };

/// Fails with the place (a JSON Pointer) and the expression in the message, and a fault at the place.
Result<Json> render_in(const Scope& scope, const Json& form, Secrets secrets);

}  // namespace troupe
