// One run of the program: the global options, the streams, and what every command does alike: ask the server, print,
// fail.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/api_client.hpp"
#include "cli/cli.hpp"
#include "cli/terminal.hpp"

namespace troupe::cli {

class Session {
 public:
  Session(Terminal streams, const CliHooks& given) : terminal(streams), hooks(given) {}

  Terminal terminal;
  const CliHooks& hooks;

  // The global options; final once the command line is parsed.
  std::string server = "http://127.0.0.1:8080";
  std::string token;
  bool json = false;

  /// The file that the command is at, if it works on files; told with what is wrong in it.
  std::string file;

  /// Set by the subcommand that was named; run after parsing.
  std::function<int()> command;

  ApiClient& api();

  /// Prints an answer, with --json as it is, else by `print`, or tells why there is none; gives the exit code.
  int show(const ApiAnswer& answer, const std::function<void(const Terminal& terminal, const Json& body)>& print);
  /// A result: one JSON value on one line.
  void print_json(const Json& value);
  /// Tells what went wrong (with --json as a problem document, on standard error too) and gives the exit code.
  int fail(const ApiAnswer& answer);
  int fail(const Error& error, int exit_code);

 private:
  void print_problem(Json problem);

  std::unique_ptr<ApiClient> api_;
};

}  // namespace troupe::cli
