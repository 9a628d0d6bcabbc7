// `troupe version`
#include <ostream>

#include "cli/commands.hpp"
#include "telemetry/build_info.hpp"

namespace troupe::cli {

void add_version(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("version", "Print the version of this program");
  command->callback([&session] {
    session.command = [&session] {
      const BuildInfo& build = build_info();
      if (session.json)
        session.print_json({{"version", build.version}, {"compiler", build.compiler}, {"build", build.build}});
      else
        session.terminal.out << "troupe " << build.version << " (" << build.compiler << ", " << build.build << ")\n";
      return kDone;
    };
  });
}

}  // namespace troupe::cli
