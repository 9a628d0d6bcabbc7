// `troupe schedule delete|enable|disable|trigger ID`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/job_view.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

enum class Verb { remove, enable, disable, trigger };

int change(Session& session, Verb verb, const std::string& id) {
  Target target("/v1/schedules");
  target.segment(id);
  if (verb == Verb::enable) target.literal("/enable");
  if (verb == Verb::disable) target.literal("/disable");
  if (verb == Verb::trigger) target.literal("/trigger");
  const ApiAnswer answer =
      verb == Verb::remove ? session.api().remove(target.text()) : session.api().post(target.text(), nullptr);
  if (!answer.ok()) return session.fail(answer);
  if (session.json)
    session.print_json(verb == Verb::remove ? Json{{"id", id}, {"deleted", true}} : answer.body);
  else if (verb == Verb::trigger)
    print_job_change(session.terminal, answer.body);
  else
    session.terminal.out << printable(id) << ' '
                         << (verb == Verb::remove   ? "deleted"
                             : verb == Verb::enable ? "enabled"
                                                    : "disabled")
                         << '\n';
  return kDone;
}

void add_verb(CLI::App& parent, Session& session, Verb verb, const char* name, const char* what) {
  CLI::App* command = parent.add_subcommand(name, what);
  auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "Id of the schedule")->required();
  command->callback(
      [&session, verb, id] { session.command = [&session, verb, id] { return change(session, verb, *id); }; });
}

}  // namespace

void add_schedule_change(CLI::App& parent, Session& session) {
  add_verb(parent, session, Verb::remove, "delete", "Remove a schedule; its jobs stay and go on");
  add_verb(parent, session, Verb::enable, "enable", "Begin jobs again, from now on");
  add_verb(parent, session, Verb::disable, "disable", "Begin no jobs; running ones go on");
  add_verb(parent, session, Verb::trigger, "trigger", "Begin one job now");
}

}  // namespace troupe::cli
