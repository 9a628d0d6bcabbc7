// Expressions: `${ jq }` in templates, over libjq. The only room that includes jq.h.
//
//   "${ .inputs.n }"            a string that is one expression keeps the JSON type of its value
//   "n is ${ .inputs.n }"       otherwise values are spliced in as text (strings bare, the rest as JSON)
//   "$${ literal }"             a literal `${`
//   "${secret:NAME}"            a mark: the worker puts the value there at the last moment
//
// An expression runs at most limits::kExpressionTime and gives exactly one value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "troupe/domain/evaluator.hpp"

namespace troupe {

/// Nothing, or what is wrong with the expression.
std::optional<std::string> check_expression(std::string_view expression);

/// Is it evaluated in microseconds (a plain path), or by jq, which may take its whole time?
bool is_quick(std::string_view expression);

/// How many expressions were compiled since the process began. Whatever runs use them, each is compiled once: for the
/// check of its definition. It is again where more than kProgramsMax are in use, where several threads evaluate the
/// same one at once, and after it was halted.
std::uint64_t expressions_compiled();

/// Evaluates one expression. Fails with expression_failed.
Result<Json> evaluate(std::string_view expression, const Json& scope);

/// Evaluates every expression within the strings of a template. The fault names the place in the template.
Result<Json> render(const Json& form, const Json& scope);

/// True when no string of the template holds an expression (then it is its own value).
bool is_literal(std::string_view template_json);

/// Evaluators over {inputs, client_id, job_id, run_id, metadata, steps, item, attempt}.
std::unique_ptr<EvaluatorFactory> make_evaluator_factory();

}  // namespace troupe
