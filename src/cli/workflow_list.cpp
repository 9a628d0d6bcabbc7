// `troupe workflow list`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

void print_workflows(const Terminal& terminal, const Json& page) {
  Table table({"WORKFLOW", "VERSION", "STATE", "CREATED", "NAME"});
  for (const Json& workflow : member(page, "items"))
    table.add({member_text(workflow, "key"), member_text(workflow, "version"),
               member(workflow, "disabled") == true ? "disabled" : "enabled",
               short_time(member_text(workflow, "created_at")), member_text(workflow, "name")});
  table.print(terminal.out, false);
  if (const std::string next = member_text(page, "next_cursor"); !next.empty())
    terminal.err << "more: --cursor " << next << '\n';
}

}  // namespace

void add_workflow_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List workflows with their newest versions");
  auto limit = std::make_shared<int>(50);
  auto cursor = std::make_shared<std::string>();
  command->add_option("--limit", *limit, "At most so many")->check(CLI::Range(1, 500))->capture_default_str();
  command->add_option("--cursor", *cursor, "Go on where an earlier list ended");
  command->callback([&session, limit, cursor] {
    session.command = [&session, limit, cursor] {
      const std::string target =
          Target("/v1/workflows").query("limit", std::to_string(*limit)).query("cursor", *cursor).text();
      const ApiAnswer answer = session.api().get(target);
      if (!answer.ok()) return session.fail(answer);
      if (session.json)
        session.print_json(answer.body);
      else
        print_workflows(session.terminal, answer.body);
      return kDone;
    };
  });
}

}  // namespace troupe::cli
