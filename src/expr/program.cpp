#include "expr/program.hpp"

#include <oniguruma.h>

#include <algorithm>
#include <charconv>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "expr/expr.hpp"
#include "expr/expression_text.hpp"

namespace troupe {
namespace {

// Defined in front of every expression: what reaches out of it, or would give another answer tomorrow, is covered. The
// definition check (availability.hpp) tells authors earlier; this holds even where it is fooled.
constexpr std::string_view kPrelude =
    "def input: error(\"input is not available\"); def inputs: error(\"inputs is not available\");"
    "def debug: error(\"debug is not available\"); def stderr: error(\"stderr is not available\");"
    "def env: error(\"env is not available\"); def now: error(\"now is not available\");"
    "def halt: error(\"halt is not available\"); def halt_error: error(\"halt_error is not available\");"
    "def halt_error(f): error(\"halt_error is not available\");"
    "def input_filename: error(\"input_filename is not available\");"
    "def input_line_number: error(\"input_line_number is not available\");"
    "def get_search_list: error(\"get_search_list is not available\");"
    "def modulemeta: error(\"modulemeta is not available\");"
    "def localtime: error(\"localtime is not available\"); def strflocaltime(f): error(\"strflocaltime is not "
    "available\");"
    "null as $ENV | \n";  // so that jq counts the expression's lines from 2

void erase_all(std::string& text, std::string_view part, std::string_view with = "") {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + with.size()))
    text.replace(at, part.size(), with);
}

/// "jq: error: syntax error, unexpected $end (Unix shell quoting issues?) at <top-level>, line 1:\n…" in plain words.
std::string plain_reason(std::string reason) {
  reason.resize(std::min(reason.find(" at <top-level>"), reason.size()));
  erase_all(reason, "jq: error: ");
  erase_all(reason, " (Unix shell quoting issues?)");
  erase_all(reason, "$end", "end of the expression");
  erase_all(reason, "INVALID_CHARACTER", "character");
  erase_all(reason, "QQSTRING_START", "string");
  erase_all(reason, "LITERAL", "value");
  return reason;
}

void collect_message(void* messages, jv message) {
  const jv text = jq_format_error(message);
  static_cast<std::vector<std::string>*>(messages)->emplace_back(jv_string_value(text));
  jv_free(text);
}

void ignore_message(void*, jv message) { jv_free(message); }

/// The message of `error(…)`, consumed.
std::string error_text(jv invalid) {
  jv message = jv_invalid_get_msg(invalid);
  if (jv_get_kind(message) != JV_KIND_STRING) message = jv_dump_string(message, 0);
  const std::string text(jv_string_value(message), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(message))));
  jv_free(message);
  return text;
}

constexpr const char* kTooMuchMemory = "it needs too much memory";
std::atomic<std::uint64_t> compiled_{0};

/// What jq says of a text that it does not take; empty: it takes it. Sets `why_left` where it does not come so far.
std::string compile_into(jq_state* state, const std::string& expression, const char*& why_left) {
  std::vector<std::string> messages;
  jq_set_error_cb(state, collect_message, &messages);
  const std::string text = std::string(kPrelude) + expression;
  int compiled = 0;
  auto call = [&compiled, state, source = text.c_str()] { compiled = jq_compile(state, source); };
  ++compiled_;
  why_left = call_jq(call);
  if (why_left != nullptr || compiled != 0) return {};
  return messages.empty() ? "jq does not accept it" : messages.front();
}

/// jq tells faults by the line only. So the expression is given to it again with every part on a line of its own; the
/// line that it then tells is a part's, and that has a place. Empty where jq then says something else.
std::string place_of_fault(const std::string& expression, const std::string& reason) {
  if (reason.find("unexpected end of the expression") != std::string::npos) return ", at its end";
  std::string lines;
  std::vector<std::size_t> places;  // by line
  for (const std::string_view part : expression_parts(expression)) {
    lines.append(part).append("\n");
    const auto breaks = static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    places.resize(places.size() + breaks + 1, static_cast<std::size_t>(part.data() - expression.data()));
  }
  jq_state* state = jq_init();
  if (state == nullptr) return {};
  const char* why_left = nullptr;
  const std::string said = compile_into(state, lines, why_left);
  if (why_left != nullptr) return {};
  auto call = [&state] { jq_teardown(&state); };
  static_cast<void>(call_jq(call));

  constexpr std::string_view kLine = " at <top-level>, line ";
  const std::size_t at = said.find(kLine);
  if (at == std::string::npos || plain_reason(said) != reason) return {};
  std::size_t line = 0;
  std::from_chars(said.data() + at + kLine.size(), said.data() + said.size(), line);
  if (line < 2 || line - 2 >= places.size()) return {};
  const auto end = expression.begin() + static_cast<std::ptrdiff_t>(places[line - 2]);
  const auto characters =
      std::count_if(expression.begin(), end, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return ", at character " + std::to_string(characters + 1);
}

/// jq's `test` and `match` cannot be interrupted, so the steps back of one search are bounded for the whole process;
/// and the tables of oniguruma are made here, before two threads can meet in it.
void prepare_regular_expressions() {
  static const bool once = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    onig_set_retry_limit_in_match(1'000'000);
    return onig_set_retry_limit_in_search(1'000'000) == ONIG_NORMAL;
  }();
  static_cast<void>(once);
}

}  // namespace

Result<std::unique_ptr<Program>> Program::compile(std::string_view expression) {
  prepare_regular_expressions();
  jq_state* const state = jq_init();
  if (state == nullptr) return expression_failed("there is not enough memory for it");
  std::unique_ptr<Program> program(new Program(state));
  const char* why_left = nullptr;
  const std::string text = without_blanks(expression);
  const std::string wrong = compile_into(state, text, why_left);
  if (why_left != nullptr) {
    program->lost_ = true;
    return expression_failed(why_left);
  }
  if (!wrong.empty()) {
    const std::string reason = plain_reason(wrong);
    return expression_failed(reason + place_of_fault(text, reason));
  }
  jq_set_error_cb(state, ignore_message, nullptr);
  jq_set_debug_cb(state, ignore_message, nullptr);
  return program;
}

Program::~Program() {
  if (lost_) return;
  auto call = [this] { jq_teardown(&state_); };
  static_cast<void>(call_jq(call));  // a state that was halted may fail in this too; it is lost then
}

Result<jv> Program::run(jv input) {
  jv first = jv_invalid(), second = jv_invalid();
  auto call = [&first, &second, state = state_, input] {
    jq_start(state, input, 0);
    first = jq_next(state);
    if (jv_is_valid(first)) second = jq_next(state);
    // jq fails an assertion of its own when it is started anew in the middle of some values (`paths`).
    constexpr int kDrainMax = 10'000;
    bool more = jv_is_valid(second);
    for (int i = 0; more && i < kDrainMax; ++i) {
      const jv next = jq_next(state);
      more = jv_is_valid(next);
      jv_free(next);
    }
    jq_start(state, jv_null(), 0);  // lets go of the input
  };
  if (const char* reason = call_jq(call, this)) {
    lost_ = true;
    return expression_failed(reason);
  }
  if (overran_) {
    jv_free(first);
    jv_free(second);
    return expression_failed(kTooMuchMemory);
  }
  if (jv_is_valid(first) && !jv_is_valid(second) && jv_invalid_has_msg(jv_copy(second)) == 0) {
    jv_free(second);
    return first;
  }
  std::string reason;
  if (!jv_is_valid(first))
    reason = jv_invalid_has_msg(jv_copy(first)) != 0 ? error_text(jv_copy(first)) : "gives no value";
  else if (jv_is_valid(second))
    reason = "gives more than one value (put it in [ ] to make a list of them)";
  else
    reason = error_text(jv_copy(second));
  jv_free(first);
  jv_free(second);
  return expression_failed(std::move(reason));
}

// By the watchdog and, within a call, by the memory: jq takes it once only.
void Program::halt() {
  if (halted_.exchange(true)) return;
  if (jq_halted(state_) == 0) jq_halt(state_, jv_invalid(), jv_invalid());
}

void Program::too_much() {
  overran_ = true;
  halt();
}

std::uint64_t expressions_compiled() { return compiled_; }

namespace {

/// Never destroyed: a thread of the sandbox may give back a program while the process ends.
struct Shelf {
  struct Entry {
    std::string expression;
    std::unique_ptr<Program> program;
  };
  std::mutex mutex;
  std::list<Entry> entries;  ///< most recently used first
  std::unordered_multimap<std::string, std::list<Entry>::iterator> by_expression;
};
Shelf& shelf() {
  static auto* programs = new Shelf;
  return *programs;
}

}  // namespace

std::unique_ptr<Program> take_program(const std::string& expression) {
  Shelf& programs = shelf();
  const std::lock_guard lock(programs.mutex);
  const auto found = programs.by_expression.find(expression);
  if (found == programs.by_expression.end()) return nullptr;
  auto program = std::move(found->second->program);
  programs.entries.erase(found->second);
  programs.by_expression.erase(found);
  return program;
}

void give_program(const std::string& expression, std::unique_ptr<Program> program) {
  std::unique_ptr<Program> oldest;  // destroyed outside the lock
  Shelf& programs = shelf();
  const std::lock_guard lock(programs.mutex);
  if (programs.entries.size() == kProgramsMax) {
    const auto last = std::prev(programs.entries.end());
    const auto [begin, end] = programs.by_expression.equal_range(last->expression);
    for (auto entry = begin; entry != end; ++entry) {
      if (entry->second != last) continue;
      programs.by_expression.erase(entry);
      break;
    }
    oldest = std::move(last->program);
    programs.entries.erase(last);
  }
  programs.entries.push_front({expression, std::move(program)});
  programs.by_expression.emplace(expression, programs.entries.begin());
}

}  // namespace troupe
