// `troupe kill-switch release ID`
#include "cli/commands.hpp"
#include "cli/kill_switch_view.hpp"
#include "cli/target.hpp"

namespace troupe::cli {

void add_kill_switch_release(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("release", "Let what it held go on; what it killed stays ended");
  auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "Id of the kill switch, as list shows it")->required();
  command->callback([&session, id] {
    session.command = [&session, id] {
      return session.show(session.api().remove(Target("/v1/kill-switches").segment(*id).text()),
                          [&](const Terminal& terminal, const Json& body) {
                            terminal.out << printable(member_text(body, "id")) << " released: " << switch_text(body)
                                         << '\n';
                          });
    };
  });
}

}  // namespace troupe::cli
