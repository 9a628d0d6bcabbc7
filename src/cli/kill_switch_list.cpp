// `troupe kill-switch list`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/page.hpp"

namespace troupe::cli {
namespace {

void print_switches(const Terminal& terminal, const Json& page) {
  Table table({"ID", "SCOPE", "TARGET", "MODE", "ENGAGED", "BY", "REASON"});
  for (const Json& one : member(page, "items"))
    table.add({member_text(one, "id"), member_text(one, "scope"), member_text(one, "target"), member_text(one, "mode"),
               short_time(member_text(one, "engaged_at")), member_text(one, "engaged_by"), member_text(one, "reason")});
  table.print(terminal.out, false);
  print_next_page(terminal, page);
}

}  // namespace

void add_kill_switch_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List the kill switches that are engaged, newest first");
  auto page = std::make_shared<PageOptions>();
  page->add_to(*command);
  command->callback([&session, page] {
    session.command = [&session, page] {
      return session.show(session.api().get(page->of(Target("/v1/kill-switches"))), print_switches);
    };
  });
}

}  // namespace troupe::cli
