// `troupe kill-switch list`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

void print_switches(const Terminal& terminal, const Json& page) {
  Table table({"ID", "SCOPE", "TARGET", "MODE", "ENGAGED", "BY", "REASON"});
  for (const Json& one : member(page, "items"))
    table.add({member_text(one, "id"), member_text(one, "scope"), member_text(one, "target"), member_text(one, "mode"),
               short_time(member_text(one, "engaged_at")), member_text(one, "engaged_by"), member_text(one, "reason")});
  table.print(terminal.out, false);
  if (const std::string next = member_text(page, "next_cursor"); !next.empty())
    terminal.err << "more: --cursor " << next << '\n';
}

}  // namespace

void add_kill_switch_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List the kill switches that are engaged, newest first");
  auto limit = std::make_shared<int>(50);
  auto cursor = std::make_shared<std::string>();
  command->add_option("--limit", *limit, "At most so many")->check(CLI::Range(1, 500))->capture_default_str();
  command->add_option("--cursor", *cursor, "Go on where an earlier list ended");
  command->callback([&session, limit, cursor] {
    session.command = [&session, limit, cursor] {
      const std::string target =
          Target("/v1/kill-switches").query("limit", std::to_string(*limit)).query("cursor", *cursor).text();
      const ApiAnswer answer = session.api().get(target);
      if (!answer.ok()) return session.fail(answer);
      if (session.json)
        session.print_json(answer.body);
      else
        print_switches(session.terminal, answer.body);
      return kDone;
    };
  });
}

}  // namespace troupe::cli
