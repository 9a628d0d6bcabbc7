// `troupe db vacuum`: space that is not used any more is given back.
#include "cli/display.hpp"
#include "cli/server_options.hpp"

namespace troupe::cli {
namespace {

int vacuum(Session& session, const ServerOptions& options) {
  const auto config = options.load();
  if (!config) return fail_configuration(session, config.error());
  const auto space = session.hooks.vacuum_database(*config);
  if (!space) return session.fail(space.error(), exit_code_of(space.error().code));
  if (session.json)
    session.print_json({{"bytes_before", space->before}, {"bytes_after", space->after}});
  else
    session.terminal.out << "before: " << space->before << " bytes (" << short_bytes(space->before)
                         << ")\nafter:  " << space->after << " bytes (" << short_bytes(space->after) << ")\n";
  return kDone;
}

}  // namespace

void add_db_vacuum(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("vacuum", "Give unused space of the database back");
  auto options = std::make_shared<ServerOptions>();
  options->add_data_options_to(*command);
  command->footer(
      "SQLite: refused while a server runs, which would have to wait for all of it; needs free room of the database's\n"
      "size. PostgreSQL: VACUUM (ANALYZE) of Troupe's tables, beside a running server; the space is used again by the\n"
      "tables, little of it goes back to the disk.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return vacuum(session, *options); }; });
}

}  // namespace troupe::cli
