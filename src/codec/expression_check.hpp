// Looks over the expressions of a definition before anything runs: each must be jq, and may name only what is there,
// and only steps that have ended by then.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/root_fields.hpp"
#include "codec/step_order.hpp"
#include "codec/workflow_codec.hpp"

namespace troupe {

/// What an expression belongs to. The number: so many of kRootNames does it see.
enum class ExpressionOf : std::size_t { job = 3, named_job = 4, run = 6, attempt = 7, item = 8 };

class ExpressionCheck {
 public:
  /// `steps`: the names of all. `is_new`: may name only what it sees (parse_new_workflow).
  ExpressionCheck(const CheckExpression& check, std::vector<std::string> steps, bool is_new, std::vector<Fault>& faults)
      : check_(check), steps_(std::move(steps)), is_new_(is_new), faults_(faults) {}

  /// What comes is asked when this step of the list begins; none: when whatever was to be done is done.
  void within(std::optional<std::size_t> step) { step_ = step; }

  /// Every string of a value with its `${ … }`.
  void value(const Json& value, const std::string& pointer);
  /// Likewise, of a value that is needed before any step begins.
  void value_before_steps(const Json& value, const std::string& pointer);
  /// Likewise, of a `config`, which belongs to an attempt, and to an item where the step has `for_each`.
  void config(const Json& config, const std::string& pointer, bool has_items);
  /// The jq of a `when` or `for_each`, which must be one expression; empty with a fault otherwise.
  std::string sole(const Json& value, const std::string& pointer);
  /// Likewise, of a value that is needed before there is a run.
  std::string sole_before_run(const Json& value, const std::string& pointer);

  /// To steps that there are, in expressions of steps.
  const std::vector<StepReference>& references() const { return references_; }

 private:
  void text(const std::string& text, const std::string& pointer);
  void expression(const std::string& jq, const std::string& pointer);
  void root_field(std::string_view jq, const RootField& field, const std::string& pointer);
  bool sees(std::string_view name) const;
  std::string why_unseen(std::string_view name) const;
  void step_name(std::string_view jq, std::string_view name, std::string_view rest, const std::string& pointer);
  bool is_step(std::string_view name) const;

  const CheckExpression& check_;
  const std::vector<std::string> steps_;
  const bool is_new_;
  ExpressionOf of_ = ExpressionOf::run;
  std::optional<std::size_t> step_;
  bool before_steps_ = false;
  std::vector<StepReference> references_;
  std::vector<Fault>& faults_;
};

}  // namespace troupe
