// `troupe schedule list` and `troupe schedule get ID`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/page.hpp"
#include "cli/schedule_view.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

struct Filters {
  std::string client, workflow;
  PageOptions page;

  std::string target() const {
    return page.of(Target("/v1/schedules").query("client_id", client).query("workflow_key", workflow));
  }
};

void print_schedules(const Terminal& terminal, const Json& page) {
  Table table({"SCHEDULE", "WORKFLOW", "CRON", "TIME ZONE", "STATE", "NEXT (UTC)", "NOTE"});
  for (const Json& schedule : member(page, "items"))
    table.add({member_text(schedule, "id"), member_text(schedule, "workflow_key"), member_text(schedule, "cron"),
               member_text(schedule, "time_zone"), member(schedule, "enabled") == true ? "enabled" : "disabled",
               short_time(member_text(schedule, "next_at")), member_text(member(schedule, "last_error"), "code")});
  table.print(terminal.out, false);
  print_next_page(terminal, page);
}

}  // namespace

void add_schedule_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List schedules, by id");
  auto filters = std::make_shared<Filters>();
  command->add_option("--client", filters->client, "Only schedules of this client");
  command->add_option("--workflow", filters->workflow, "Only schedules of this workflow");
  filters->page.add_to(*command);
  command->callback([&session, filters] {
    session.command = [&session, filters] {
      return session.show(session.api().get(filters->target()), print_schedules);
    };
  });
}

void add_schedule_get(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("get", "Show a schedule and its next times");
  auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "Id of the schedule")->required();
  command->callback([&session, id] {
    session.command = [&session, id] {
      return session.show(session.api().get(Target("/v1/schedules").segment(*id).text()), print_schedule);
    };
  });
}

}  // namespace troupe::cli
