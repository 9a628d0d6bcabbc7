#include "bench/run_end.hpp"

namespace troupe::bench {

std::string_view string_member(std::string_view json, std::string_view quoted_name) {
  const auto name = json.find(quoted_name);
  if (name == std::string_view::npos) return {};
  json.remove_prefix(name + quoted_name.size());
  if (!json.starts_with(":\"")) return {};
  json.remove_prefix(2);
  const auto end = json.find('"');
  return end == std::string_view::npos ? std::string_view() : json.substr(0, end);
}

std::optional<RunEnd> run_end_of(std::string_view event_data) {
  const auto action = string_member(event_data, "\"action\"");
  const bool success = action == "run.completed";
  if (!success && action != "run.failed" && action != "run.cancelled") return {};
  const auto job = parse_id<JobId>(string_member(event_data, "\"job_id\""));
  if (!job) return {};
  return RunEnd{*job, success};
}

}  // namespace troupe::bench
