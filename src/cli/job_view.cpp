#include "cli/job_view.hpp"

#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

/// Long polls of less than the minute that the server allows, so that proxies do not cut them.
constexpr std::string_view kPreferWait = "wait=30";

void print_member(std::ostream& out, std::string_view label, const std::string& value) {
  if (!value.empty()) out << label << std::string(label.size() < 11 ? 11 - label.size() : 1, ' ') << value << '\n';
}

std::string status_line(const Json& job, bool colour) {
  const std::string status = member_text(job, "status");
  std::string line = in_status_colour(status, status, colour);
  if (status == "running") line += "  " + percent(member(job, "progress"));
  if (const std::string waiting = member_text(job, "waiting_for"); !waiting.empty()) line += "  waiting for " + waiting;
  if (const std::string message = member_text(job, "message"); !message.empty()) line += "  " + message;
  return line;
}

std::string error_text(const Json& error) {
  if (!error.is_object()) return {};
  return member_text(error, "code") + ": " + member_text(error, "message");
}

void print_steps(const Terminal& terminal, const Json& steps) {
  if (!steps.is_array() || steps.empty()) return;
  Table table({"STEP", "TYPE", "STATUS", "PROGRESS", "ATTEMPTS", "NOTE"});
  for (const Json& step : steps) {
    const Json& attempts = member(step, "attempts");
    std::string note = error_text(member(step, "error"));
    if (note.empty()) note = member_text(step, "message");
    table.add({member_text(step, "name"), member_text(step, "type"), member_text(step, "status"),
               percent(member(step, "progress")), attempts.is_array() ? std::to_string(attempts.size()) : "", note});
  }
  terminal.out << '\n';
  table.print(terminal.out, terminal.colour);
}

/// What waits for a person to decide whether it was done.
void print_doubts(const Terminal& terminal, const Json& steps) {
  if (!steps.is_array()) return;
  for (const Json& step : steps) {
    const Json& doubts = member(step, "in_doubt");
    if (!doubts.is_array()) continue;
    for (const Json& doubt : doubts) {
      std::string what = member(doubt, "compensation") == true ? "the undoing of " : "";
      what += member_text(step, "name");
      if (member(step, "for_each") == true) what += ", item " + member_text(doubt, "item");
      print_member(
          terminal.out, "in doubt",
          what + ", attempt " + member_text(doubt, "attempt") + ", since " + short_time(member_text(doubt, "since")));
    }
  }
}

/// Of the newest run.
void print_retry(std::ostream& out, const Json& runs) {
  if (!runs.is_array() || runs.empty()) return;
  const Json& run = runs.back();
  const std::string before = member_text(run, "retry_of"), from_step = member_text(run, "from_step");
  if (before.empty()) return;
  print_member(out, "retry",
               "run " + member_text(run, "number") + " after " + before +
                   (from_step.empty() ? "" : ", from step " + from_step) + ", asked for by " +
                   member_text(run, "requested_by"));
}

void print_assets(const Terminal& terminal, const Json& assets) {
  if (!assets.is_array() || assets.empty()) return;
  Table table({"ASSET", "STEP", "TYPE", "BYTES", "URL"});
  for (const Json& asset : assets)
    table.add({member_text(asset, "id"), member_text(asset, "step"), member_text(asset, "media_type"),
               member_text(asset, "bytes"), member_text(asset, "url")});
  terminal.out << '\n';
  table.print(terminal.out, terminal.colour);
}

}  // namespace

int exit_code_of_job(std::string_view status) { return status == "success" ? kDone : kFailed; }

void print_job(const Terminal& terminal, const Json& job) {
  std::ostream& out = terminal.out;
  const std::string id = member_text(job, "id"), chosen = member_text(job, "job_id");
  print_member(out, "job", id.empty() ? chosen : id);
  if (chosen != id && !id.empty()) print_member(out, "job_id", chosen);
  print_member(out, "status", status_line(job, terminal.colour));
  print_member(out, "error", error_text(member(job, "error")));
  std::string workflow = member_text(job, "workflow_key");
  if (const std::string version = member_text(job, "workflow_version"); !version.empty())
    workflow += " version " + version;
  print_member(out, "workflow", workflow);
  print_member(out, "client", member_text(job, "client_id"));
  print_member(out, "priority", member_text(job, "priority"));
  print_member(out, "created", short_time(member_text(job, "created_at")));
  print_member(out, "started", short_time(member_text(job, "started_at")));
  print_member(out, "completed", short_time(member_text(job, "completed_at")));
  print_member(out, "expected", short_time(member_text(job, "estimated_completion")));
  if (const Json& queue = member(job, "queue"); queue.is_object())
    print_member(out, "queue",
                 "place " + member_text(queue, "position") + ", its turn at " +
                     short_time(member_text(queue, "estimated_start")));
  print_retry(out, member(job, "runs"));
  print_doubts(terminal, member(job, "steps"));
  print_steps(terminal, member(job, "steps"));
  print_assets(terminal, member(job, "assets"));
  if (const Json& outputs = member(job, "outputs"); !outputs.is_null())
    out << "\noutputs\n" << printable(outputs.dump(2, ' ', false, Json::error_handler_t::replace), true) << '\n';
}

void print_job_change(const Terminal& terminal, const Json& answer) {
  const std::string id = member_text(answer, "job_id");
  print_member(terminal.out, "job", id);
  print_member(terminal.out, "status", status_line(answer, terminal.colour));
  if (terminal.interactive) print_member(terminal.out, "watch", "troupe job watch " + id);
}

int wait_for_job(Session& session, const std::string& id, const std::string& client) {
  const std::string target = Target("/v1/jobs").segment(id).query("client_id", client).text();
  while (true) {
    const ApiAnswer answer = session.api().get(target, {{"Prefer", std::string(kPreferWait)}});
    if (!answer.ok()) return session.fail(answer);
    const std::string status = member_text(answer.body, "status");
    if (status == "pending" || status == "running") continue;
    if (session.json)
      session.print_json(answer.body);
    else
      print_job(session.terminal, answer.body);
    return exit_code_of_job(status);
  }
}

}  // namespace troupe::cli
