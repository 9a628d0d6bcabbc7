// `troupe db check`: everything that can be verified without a server, a line a finding.
#include "cli/display.hpp"
#include "cli/server_options.hpp"
#include "cli/verdict_view.hpp"

namespace troupe::cli {
namespace {

int exit_code(const DatabaseCheck& check) {
  if (check.audit && !check.audit->whole) return kChainBroken;
  for (const StoreFinding& finding : check.findings)
    if (!finding.warning) return kFailed;
  return kDone;
}

Json describe(const DatabaseCheck& check) {
  Json json = {{"schema_version", check.schema_version},
               {"rows", check.rows},
               {"blobs", check.blobs},
               {"blob_bytes", check.blob_bytes},
               {"findings", to_json(check.findings)},
               {"audit", nullptr}};
  if (check.audit) json["audit"] = to_json(*check.audit);
  return json;
}

void show(std::ostream& out, const DatabaseCheck& check) {
  print(out, check.findings);
  if (check.audit) print(out, *check.audit);
  out << "checked: schema version " << check.schema_version << ", " << check.rows << " rows, " << check.blobs
      << " blobs (" << short_bytes(check.blob_bytes) << ")\n";
}

int check(Session& session, const ServerOptions& options) {
  const auto config = options.load();
  if (!config) return fail_configuration(session, config.error());
  const auto found = session.hooks.check_database(*config);
  if (!found) return session.fail(found.error(), exit_code_of(found.error().code));
  if (session.json)
    session.print_json(describe(*found));
  else
    show(session.terminal.out, *found);
  return exit_code(*found);
}

}  // namespace

void add_db_check(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand(
      "check", "Check the database, its audit chains and its blobs; exits 7 for a broken chain, 1 for other damage");
  auto options = std::make_shared<ServerOptions>();
  options->add_data_options_to(*command);
  command->footer(
      "The server may run meanwhile. All rows, records and blobs are read, so it takes its time; SQLite's log grows\n"
      "while the rows are read.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return check(session, *options); }; });
}

}  // namespace troupe::cli
