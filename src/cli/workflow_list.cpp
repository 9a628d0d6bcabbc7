// `troupe workflow list`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/page.hpp"

namespace troupe::cli {
namespace {

void print_workflows(const Terminal& terminal, const Json& page) {
  Table table({"WORKFLOW", "VERSION", "STATE", "CREATED", "NAME"});
  for (const Json& workflow : member(page, "items"))
    table.add({member_text(workflow, "key"), member_text(workflow, "version"),
               member(workflow, "disabled") == true ? "disabled" : "enabled",
               short_time(member_text(workflow, "created_at")), member_text(workflow, "name")});
  table.print(terminal.out, false);
  print_next_page(terminal, page);
}

}  // namespace

void add_workflow_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List workflows with their newest versions");
  auto page = std::make_shared<PageOptions>();
  page->add_to(*command);
  command->callback([&session, page] {
    session.command = [&session, page] {
      return session.show(session.api().get(page->of(Target("/v1/workflows"))), print_workflows);
    };
  });
}

}  // namespace troupe::cli
