#include "cli/session.hpp"

#include <ostream>

#include "cli/display.hpp"

namespace troupe::cli {
namespace {

Error unexpected_answer(const ApiAnswer& answer) {
  return {ErrorCode::http_failed,
          "the answer has status " + std::to_string(answer.status) + " and is no problem document",
          false,
          {}};
}

Error read_problem(const ApiAnswer& answer) {
  if (!member(answer.body, "code").is_string() && !member(answer.body, "title").is_string())
    return unexpected_answer(answer);
  Error error;
  error.code = code_from_text(member_text(answer.body, "code")).value_or(ErrorCode::internal);
  error.message = member_text(answer.body, "detail");
  if (error.message.empty()) error.message = member_text(answer.body, "title");
  if (const Json& faults = member(answer.body, "errors"); faults.is_array())
    for (const Json& fault : faults)
      error.faults.push_back({member_text(fault, "pointer"), member_text(fault, "message")});
  return error;
}

/// As the server renders it (RFC 9457), without what only an answer has: a status and a request's id.
Json problem_of(const Error& error) {
  Json problem = {{"type", "/docs/errors#" + std::string(code_text(error.code))},
                  {"title", code_meaning(error.code)},
                  {"detail", error.message.empty() ? code_remedy(error.code) : std::string_view(error.message)},
                  {"code", code_text(error.code)}};
  for (const Fault& fault : error.faults)
    problem["errors"].push_back({{"pointer", fault.pointer}, {"message", fault.message}});
  return problem;
}

void print_faults(std::ostream& err, const std::vector<Fault>& faults) {
  for (const Fault& fault : faults)
    err << "  " << printable(fault.pointer.empty() ? "(document)" : fault.pointer) << ": " << printable(fault.message)
        << '\n';
}

}  // namespace

ApiClient& Session::api() {
  if (!api_) api_ = std::make_unique<ApiClient>(server, token);
  return *api_;
}

int Session::show(const ApiAnswer& answer, const std::function<void(const Terminal&, const Json&)>& print) {
  if (!answer.ok()) return fail(answer);
  if (json)
    print_json(answer.body);
  else
    print(terminal, answer.body);
  return kDone;
}

void Session::print_json(const Json& value) { terminal.out << to_text(value) << std::endl; }

int Session::fail(const ApiAnswer& answer) {
  const int exit_code = answer.exit_code();
  if (answer.status == 0 && exit_code == kNotReached) {
    if (json) return fail(answer.unreachable, exit_code);
    terminal.err << "error: the server cannot be reached: " << printable(answer.unreachable.message) << '\n'
                 << "hint: start one with `troupe serve`, or name it with --server or TROUPE_SERVER\n";
    return exit_code;
  }
  if (answer.status == 0) return fail(answer.unreachable, exit_code);
  if (json && answer.body.is_object()) {
    print_problem(answer.body);
    return exit_code;
  }
  fail(read_problem(answer), exit_code);
  if (const std::string request = member_text(answer.body, "request_id"); !json && !request.empty())
    terminal.err << "request: " << request << '\n';
  return exit_code;
}

int Session::fail(const Error& error, int exit_code) {
  if (json) {
    print_problem(problem_of(error));
    return exit_code;
  }
  terminal.err << "error: " << (file.empty() ? "" : printable(file) + ": ") << printable(error.message) << '\n';
  print_faults(terminal.err, error.faults);
  if (error.code != ErrorCode::internal) terminal.err << "hint: " << code_remedy(error.code) << '\n';
  return exit_code;
}

void Session::print_problem(Json problem) {
  if (!file.empty()) problem["file"] = file;
  terminal.err << to_text(problem) << '\n';
}

}  // namespace troupe::cli
