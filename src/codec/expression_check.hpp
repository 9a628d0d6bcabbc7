// Looks over the expressions of a definition before anything runs: each must be jq, and may name only steps that exist,
// and that have ended by then.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/step_order.hpp"
#include "codec/workflow_codec.hpp"

namespace troupe {

class ExpressionCheck {
 public:
  ExpressionCheck(const CheckExpression& check, StepOrder steps, std::vector<Fault>& faults)
      : check_(check), steps_(std::move(steps)), faults_(faults) {}

  /// What comes is asked when this step of the list begins; none: when whatever was to be done is done.
  void within(std::optional<std::size_t> step) { step_ = step; }

  /// Every string of a value with its `${ … }`.
  void value(const Json& value, const std::string& pointer);
  /// Likewise, of a value that is needed before any step begins.
  void value_before_steps(const Json& value, const std::string& pointer);
  /// The jq of a `when` or `for_each`, which must be one expression; empty with a fault otherwise.
  std::string sole(const Json& value, const std::string& pointer);

 private:
  void text(const std::string& text, const std::string& pointer);
  void expression(const std::string& jq, const std::string& pointer);
  void step_names(std::string_view jq, const std::string& pointer);
  void step_name(std::string_view jq, std::string_view name, std::string_view rest, const std::string& pointer);
  bool is_step(std::string_view name) const;

  const CheckExpression& check_;
  const StepOrder steps_;
  std::optional<std::size_t> step_;
  bool before_steps_ = false;
  std::vector<Fault>& faults_;
};

}  // namespace troupe
