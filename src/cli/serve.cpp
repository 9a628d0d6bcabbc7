// `troupe serve`. Its flags are the configuration's key table.
#include "cli/server_options.hpp"

namespace troupe::cli {

void add_serve(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("serve", "Run a server");
  auto options = std::make_shared<ServerOptions>();
  options->add_to(*command);
  command->callback([&session, options] {
    session.command = [&session, options] {
      const auto config = options->load();
      if (!config) return fail_configuration(session, config.error());
      return session.hooks.serve(*config);
    };
  });
}

}  // namespace troupe::cli
