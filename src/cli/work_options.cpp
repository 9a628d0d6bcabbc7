#include "cli/work_options.hpp"

#include "cli/assignments.hpp"

namespace troupe::cli {

void WorkOptions::add_to(CLI::App& command) {
  command.add_option("WORKFLOW", workflow, "Key of the workflow")->required();
  command.add_option("-i,--input", inputs, "One input, KEY=VALUE: JSON if it parses, else a string; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--inputs", inputs_file, "Inputs as a JSON object; - reads standard input")->type_name("FILE");
  command.add_option("--client", client, "The client, where the token does not say");
  command.add_option("--priority", priority, "1 to 10; 10 is most urgent")->check(CLI::Range(1, 10));
  command.add_option("--timeout", timeout, "Longest time of the whole run, like 5m")->type_name("DURATION");
  command.add_option("--metadata", metadata, "Kept with the job, KEY=VALUE; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--workflow-version", version, "Instead of the newest")->check(CLI::PositiveNumber);
  command.add_option("--callback-url", callback_url, "Where the result is to be sent: not in this version")
      ->type_name("URL");
}

Result<Json> WorkOptions::body(std::istream& in) const {
  Json from_file = Json::object();
  if (!inputs_file.empty()) {
    auto read = read_object(inputs_file, in);
    if (!read) return read.error();
    from_file = std::move(*read);
  }
  auto all_inputs = read_assignments(inputs, std::move(from_file));
  if (!all_inputs) return all_inputs.error();
  auto all_metadata = read_assignments(metadata);
  if (!all_metadata) return all_metadata.error();

  Json body = {{"workflow_key", workflow}, {"inputs", std::move(*all_inputs)}};
  if (!all_metadata->empty()) body["metadata"] = std::move(*all_metadata);
  if (!client.empty()) body["client_id"] = client;
  if (!callback_url.empty()) body["callback_url"] = callback_url;
  if (priority != 0) body["priority"] = priority;
  if (version != 0) body["workflow_version"] = version;
  if (!timeout.empty()) {
    const auto duration = parse_duration(timeout);
    if (!duration) return Error{ErrorCode::wrong_usage, "'" + timeout + "' is no duration like 30s or 5m", false, {}};
    body["timeout_seconds"] = static_cast<double>(duration->count()) / 1e3;
  }
  return body;
}

}  // namespace troupe::cli
