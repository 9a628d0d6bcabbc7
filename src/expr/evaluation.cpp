#include "expr/evaluation.hpp"

#include <mutex>

#include "expr/availability.hpp"
#include "expr/expr.hpp"
#include "expr/expression_text.hpp"
#include "expr/jq_value.hpp"
#include "expr/path.hpp"
#include "expr/program.hpp"
#include "expr/sandbox.hpp"

namespace troupe {
namespace {

/// Compiles the expression if no program of it is at hand, and runs it if there is an input.
class Evaluation final : public SandboxJob {
 public:
  Evaluation(std::string_view expression, std::optional<jv> input)
      : expression_(expression), input_(input), program_(take_program(expression_)) {}

  void run() override {
    result_ = work();
    // All of it is freed before the caller goes on: jq's reference counts are not atomic, the caller has others, and
    // only here is the stack large enough for whatever is nested deeply.
    drop_input();
    const std::lock_guard lock(mutex_);
    if (program_ != nullptr && program_->is_usable()) give_program(expression_, std::move(program_));
    program_.reset();
  }

  void interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    if (running_ != nullptr) running_->halt();
  }

  void drop_input() {
    if (input_) jv_free(*std::exchange(input_, std::nullopt));
  }

  Result<Json> take_result() { return interrupted_ ? expression_failed(too_slow()) : std::move(result_); }

  static std::string too_slow() { return "takes longer than " + format_duration(limits::kExpressionTime); }

 private:
  Result<Json> work() {
    if (program_ == nullptr) {
      auto compiled = Program::compile(expression_);
      if (!compiled.ok()) return std::move(compiled).error();
      program_ = *std::move(compiled);
    }
    if (!input_ || !may_run(program_.get())) return Json();
    Result<jv> value = program_->run(*std::exchange(input_, std::nullopt));
    may_run(nullptr);
    if (!value.ok()) return std::move(value).error();
    Result<Json> result = from_jv(*value);
    jv_free(*value);
    return result;
  }

  /// Says which program an interrupt would have to halt; false when the interrupt has been already.
  bool may_run(Program* program) {
    const std::lock_guard lock(mutex_);
    running_ = program;
    return !interrupted_;
  }

  const std::string expression_;
  std::optional<jv> input_;
  std::unique_ptr<Program> program_;
  Result<Json> result_ = expression_failed("was not evaluated");

  std::mutex mutex_;
  Program* running_ = nullptr;
  bool interrupted_ = false;
};

Result<Json> evaluate_by_jq(std::string_view expression, const Scope* scope) {
  if (const auto unavailable = find_unavailable(expression)) return expression_failed(*unavailable);
  auto job = std::make_shared<Evaluation>(expression, scope ? std::optional(scope->value()) : std::nullopt);
  switch (run_in_sandbox(job, limits::kExpressionTime)) {
    case SandboxEnd::done: return job->take_result();
    case SandboxEnd::no_thread:
      job->drop_input();
      return expression_failed("cannot be evaluated: the system gives no thread for it");
    case SandboxEnd::abandoned: break;
  }
  if (scope) scope->disown();
  return expression_failed(Evaluation::too_slow());
}

}  // namespace

Result<Json> evaluate_in(const Scope& scope, std::string_view expression) {
  const auto path = Path::parse(expression);
  Result<Json> value = path ? path->follow(scope.json()) : evaluate_by_jq(expression, &scope);
  if (value.ok()) return value;
  Error error = std::move(value).error();
  error.message = excerpt(expression) + ": " + error.message;
  return error;
}

bool is_quick(std::string_view expression) { return Path::parse(expression).has_value(); }

std::optional<std::string> check_expression(std::string_view expression) {
  if (Path::parse(expression)) return std::nullopt;
  const Result<Json> checked = evaluate_by_jq(expression, nullptr);
  if (checked.ok()) return std::nullopt;
  return checked.error().message;
}

Result<Json> evaluate(std::string_view expression, const Json& scope) { return evaluate_in(Scope(scope), expression); }

}  // namespace troupe
