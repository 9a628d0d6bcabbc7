// `troupe db migrate`: the schema, made or brought up to date without a server.
#include "cli/server_options.hpp"

namespace troupe::cli {
namespace {

int migrate(Session& session, const ServerOptions& options) {
  const auto config = options.load();
  if (!config) return fail_configuration(session, config.error());
  const auto schema = session.hooks.migrate_database(*config);
  if (!schema) return session.fail(schema.error(), exit_code_of(schema.error().code));
  if (session.json) {
    session.print_json({{"from", schema->from}, {"to", schema->to}});
  } else if (schema->from == schema->to) {
    session.terminal.out << "nothing to do: the schema has version " << schema->to << '\n';
  } else if (schema->from == 0) {
    session.terminal.out << "made: the schema has version " << schema->to << '\n';
  } else {
    session.terminal.out << "upgraded: the schema had version " << schema->from << ", has " << schema->to << '\n';
  }
  return kDone;
}

}  // namespace

void add_db_migrate(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("migrate", "Make the database's schema, or bring it up to date");
  auto options = std::make_shared<ServerOptions>();
  options->add_data_options_to(*command);
  command->footer(
      "A server does the same when it starts. Stop the servers of the database first: on SQLite the command is "
      "refused\n"
      "while one runs and there is something to change; on PostgreSQL a server of an older version would break.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return migrate(session, *options); }; });
}

}  // namespace troupe::cli
