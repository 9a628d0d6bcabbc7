// `troupe workflow show KEY`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

std::string joined(const Json& names) {
  std::string text;
  if (names.is_array())
    for (const Json& name : names)
      if (name.is_string()) text += (text.empty() ? "" : ", ") + printable(name.get_ref<const std::string&>());
  return text;
}

void print_workflow(const Terminal& terminal, const Json& workflow) {
  terminal.out << member_text(workflow, "key") << " version " << member_text(workflow, "version")
               << (member(workflow, "disabled") == true ? " (disabled)" : "") << '\n';
  for (const char* name : {"name", "description"})
    if (const std::string text = member_text(workflow, name); !text.empty()) terminal.out << text << '\n';
  const Json& steps = member(member(workflow, "definition"), "steps");
  if (!steps.is_array()) return;
  Table table({"STEP", "TYPE", "NEEDS", "TIMEOUT", "FOR EACH"});
  for (const Json& step : steps)
    table.add({member_text(step, "name"), member_text(step, "type"), joined(member(step, "needs")),
               member_text(step, "timeout"), member_text(step, "for_each")});
  terminal.out << '\n';
  table.print(terminal.out, false);
}

}  // namespace

void add_workflow_show(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("show", "Show a workflow; --json gives the whole definition");
  auto key = std::make_shared<std::string>();
  auto version = std::make_shared<int>(0);
  command->add_option("KEY", *key, "Key of the workflow")->required();
  command->add_option("--version", *version, "Instead of the newest")->check(CLI::PositiveNumber);
  command->callback([&session, key, version] {
    session.command = [&session, key, version] {
      Target target("/v1/workflows");
      target.segment(*key);
      if (*version != 0) target.literal("/versions").segment(std::to_string(*version));
      return session.show(session.api().get(target.text()), print_workflow);
    };
  });
}

}  // namespace troupe::cli
