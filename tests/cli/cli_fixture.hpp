// Runs the built commands as a shell would, against a server of prepared answers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/cli.hpp"
#include "codec/json.hpp"
#include "support/fake_api_server.hpp"

namespace troupe {

class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("TROUPE_SERVER");
    unsetenv("TROUPE_TOKEN");
  }

  /// The exit code of `troupe <arguments>` on the prepared server.
  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", server_.url()});
    return run_bare(arguments);
  }
  int run_bare(const std::vector<std::string>& arguments) {
    std::istringstream in(standard_input_);
    std::ostringstream out, err;
    const int exit_code = run_cli(arguments, hooks_, {in, out, err});
    out_ = out.str();
    err_ = err.str();
    return exit_code;
  }

  Json out_json() const {
    auto value = parse_json(out_);
    if (!value) ADD_FAILURE() << "not one JSON document: " << out_;
    return value.value_or(Json());
  }
  std::vector<Json> out_lines() const {
    std::vector<Json> values;
    std::istringstream lines(out_);
    for (std::string line; std::getline(lines, line);) values.push_back(parse_json(line).value_or(Json()));
    return values;
  }
  testing::ReceivedRequest last_request() const {
    const auto all = server_.requests();
    return all.empty() ? testing::ReceivedRequest{} : all.back();
  }
  Json last_body() const { return parse_json(last_request().body).value_or(Json()); }

  std::string given_file(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "troupe_cli_" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  testing::FakeApiServer server_;
  CliHooks hooks_;
  std::string standard_input_, out_, err_;
};

/// One Server-Sent Event.
inline std::string event(const std::string& kind, const std::string& id, const std::string& data) {
  return (id.empty() ? "" : "id: " + id + "\n") + "event: " + kind + "\ndata: " + data + "\n\n";
}

}  // namespace troupe
