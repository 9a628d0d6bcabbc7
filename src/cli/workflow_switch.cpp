// `troupe workflow disable KEY` and `troupe workflow enable KEY`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

void add_switch(CLI::App& parent, Session& session, const char* verb, const char* what) {
  CLI::App* command = parent.add_subcommand(verb, what);
  auto key = std::make_shared<std::string>();
  command->add_option("KEY", *key, "Key of the workflow")->required();
  command->callback([&session, key, verb] {
    session.command = [&session, key, verb] {
      const std::string target = Target("/v1/workflows").segment(*key).segment(verb).text();
      return session.show(session.api().post(target, nullptr), [&](const Terminal& terminal, const Json&) {
        terminal.out << printable(*key) << ' ' << verb << "d\n";
      });
    };
  });
}

}  // namespace

void add_workflow_switch(CLI::App& parent, Session& session) {
  add_switch(parent, session, "disable", "Take no new jobs; running ones go on");
  add_switch(parent, session, "enable", "Take new jobs again");
}

}  // namespace troupe::cli
