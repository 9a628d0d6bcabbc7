// `troupe schedule create WORKFLOW --cron EXPRESSION`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/schedule_view.hpp"
#include "cli/target.hpp"
#include "cli/work_options.hpp"

namespace troupe::cli {
namespace {

struct Options {
  WorkOptions work;
  std::string id, cron, time_zone, missed_runs;
  bool disabled = false, replace = false;
};

int create(Session& session, const Options& options) {
  auto body = options.work.body(session.terminal.in);
  if (!body) return session.fail(body.error(), kWrongUse);
  (*body)["cron"] = options.cron;
  if (!options.time_zone.empty()) (*body)["time_zone"] = options.time_zone;
  if (!options.missed_runs.empty()) (*body)["missed_run_policy"] = options.missed_runs;
  if (options.disabled) (*body)["enabled"] = false;
  if (!options.id.empty()) (*body)["id"] = options.id;
  ApiClient& api = session.api();
  return session.show(options.replace ? api.put(Target("/v1/schedules").segment(options.id).text(), *body)
                                      : api.post("/v1/schedules", *body),
                      print_schedule);
}

}  // namespace

void add_schedule_create(CLI::App& parent, Session& session) {
  CLI::App* command =
      parent.add_subcommand("create", "Make a schedule: jobs of a workflow at the times of an expression");
  auto options = std::make_shared<Options>();
  options->work.add_to(*command);
  command
      ->add_option("--cron", options->cron, "When: minute hour day-of-month month day-of-week, or @daily and the like")
      ->required()
      ->type_name("EXPRESSION");
  command->add_option("--time-zone", options->time_zone, "Whose clock, like Europe/Berlin; UTC if not given")
      ->type_name("ZONE");
  command
      ->add_option("--missed-runs", options->missed_runs,
                   "What becomes of times while the server was down; skip if not given")
      ->check(CLI::IsMember({"skip", "once", "all"}));
  auto* id = command->add_option("--id", options->id, "An id of your own; made if not given");
  command->add_flag("--disabled", options->disabled, "Begin nothing until it is enabled");
  command->add_flag("--replace", options->replace, "Put it in place of the one with this id, if there is one")
      ->needs(id);
  command->callback(
      [&session, options] { session.command = [&session, options] { return create(session, *options); }; });
}

}  // namespace troupe::cli
