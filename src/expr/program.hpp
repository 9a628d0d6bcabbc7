// A compiled jq program. Compiling takes 18 ms, since jq 1.6 compiles its whole library each time, and running one
// about a microsecond: so compiled programs are kept and lent out (a jq_state serves one thread at a time).
#pragma once

extern "C" {
#include <jq.h>
}

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "expr/sandbox.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

inline Error expression_failed(std::string reason) {
  return {ErrorCode::expression_failed, std::move(reason), false, {}};
}

/// Made, used and destroyed on threads of the sandbox; only `halt` comes from outside.
class Program final : private MemoryWatch {
 public:
  /// Fails with expression_failed and jq's reason, with the place in the expression where jq can be made to tell it.
  static Result<std::unique_ptr<Program>> compile(std::string_view expression);
  ~Program() override;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Consumes the input; gives a value that the caller frees. Fails with expression_failed unless there is exactly one.
  Result<jv> run(jv input);
  /// Makes a run() at work end soon. The program is of no use afterwards.
  void halt();
  bool is_usable() const { return !halted_ && !lost_; }

 private:
  explicit Program(jq_state* state) : state_(state) {}

  void too_much() override;

  jq_state* state_;
  std::atomic<bool> halted_{false};
  bool overran_ = false;  ///< halted since it held too much memory
  bool lost_ = false;     ///< left by an exit of the sandbox, half changed: never freed
};

/// Compiled programs that nobody uses now, the most recently used kProgramsMax of them. Thread-safe.
std::unique_ptr<Program> take_program(const std::string& expression);
void give_program(const std::string& expression, std::unique_ptr<Program> program);

/// About 20 kB each.
inline constexpr std::size_t kProgramsMax = 512;

}  // namespace troupe
