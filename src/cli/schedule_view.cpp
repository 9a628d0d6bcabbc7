#include "cli/schedule_view.hpp"

#include "cli/display.hpp"

namespace troupe::cli {
namespace {

void print_member(std::ostream& out, std::string_view label, const std::string& value) {
  if (!value.empty()) out << label << std::string(11 - label.size(), ' ') << value << '\n';
}

}  // namespace

void print_schedule(const Terminal& terminal, const Json& schedule) {
  std::ostream& out = terminal.out;
  print_member(out, "schedule", member_text(schedule, "id"));
  print_member(out, "state", member(schedule, "enabled") == true ? "enabled" : "disabled");
  std::string workflow = member_text(schedule, "workflow_key");
  if (const std::string version = member_text(schedule, "workflow_version"); !version.empty())
    workflow += " version " + version;
  print_member(out, "workflow", workflow);
  print_member(out, "client", member_text(schedule, "client_id"));
  print_member(out, "cron", member_text(schedule, "cron") + "  " + member_text(schedule, "time_zone"));
  print_member(out, "missed", member_text(schedule, "missed_run_policy"));
  print_member(out, "last", short_time(member_text(schedule, "last_at")));
  print_member(out, "last job", member_text(schedule, "last_job_id"));
  if (const Json& error = member(schedule, "last_error"); error.is_object())
    print_member(out, "last error",
                 member_text(error, "code") + ": " + member_text(error, "message") + " (" +
                     short_time(member_text(error, "at")) + ")");
  const char* label = "next";
  for (const Json& at : member(schedule, "next_times"))
    if (at.is_string()) print_member(out, std::exchange(label, ""), short_time(at.get<std::string>()) + " UTC");
}

}  // namespace troupe::cli
