// What `job submit` and `schedule create` have in common: the workflow, its inputs, and how they are to be treated.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

#include "codec/json.hpp"

namespace troupe::cli {

struct WorkOptions {
  std::string workflow, inputs_file, client, callback_url, timeout;
  std::vector<std::string> inputs, metadata;
  int priority = 0, version = 0;  ///< 0: not given

  void add_to(CLI::App& command);
  /// The members of the request's body. Fails with wrong_usage, or as read_object does.
  Result<Json> body(std::istream& in) const;
};

}  // namespace troupe::cli
