// `troupe demo`. A server with sample workflows, for a first look; what it does is the composition root's business.
#include "cli/server_options.hpp"

namespace troupe::cli {

void add_demo(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("demo", "Run a server with sample work, for a first look");
  auto options = std::make_shared<ServerOptions>();
  auto stay = std::make_shared<bool>(false);
  options->add_to(*command);
  command->add_flag("--stay", *stay, "Keep serving after the demo's jobs have ended");
  command->callback([&session, options, stay] {
    session.command = [&session, options, stay] {
      const auto config = options->load();
      if (!config) return fail_configuration(session, config.error());
      return session.hooks.demo({.config = *config,
                                 .data_dir_given = config->data_dir != Config{}.data_dir,
                                 .listen_given = config->server.listen != Config{}.server.listen,
                                 .stay = *stay,
                                 .terminal = session.terminal});
    };
  });
}

}  // namespace troupe::cli
