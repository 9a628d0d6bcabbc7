// `troupe backup FOLDER`: the whole store, copied while the server runs.
#include "backup/backup.hpp"

#include "cli/display.hpp"
#include "cli/server_options.hpp"
#include "cli/verdict_view.hpp"

namespace troupe::cli {
namespace {

struct Backup {
  ServerOptions data;
  std::string folder;
};

bool has_damage(const backup::BackupReport& report) {
  for (const StoreFinding& finding : report.findings)
    if (!finding.warning) return true;
  return false;
}

int make_backup(Session& session, const Backup& options) {
  const auto config = options.data.load();
  if (!config) return fail_configuration(session, config.error());
  const auto report = session.hooks.make_backup(*config, options.folder);
  if (!report) return session.fail(report.error(), exit_code_of(report.error().code));
  const backup::Manifest& manifest = report->manifest;
  std::uint64_t rows = 0, bytes = 0;
  for (const backup::TablePart& table : manifest.tables) {
    rows += table.rows;
    bytes += table.file.bytes;
  }
  if (session.json) {
    session.print_json({{"folder", options.folder},
                        {"schema_version", manifest.schema_version},
                        {"rows", rows},
                        {"row_bytes", bytes},
                        {"blobs", manifest.blobs},
                        {"blob_bytes", manifest.blob_bytes},
                        {"findings", to_json(report->findings)}});
  } else {
    print(session.terminal.out, report->findings);
    session.terminal.out << "backed up to " << options.folder << ": " << rows << " rows (" << short_bytes(bytes)
                         << "), " << manifest.blobs << " blobs (" << short_bytes(manifest.blob_bytes) << ")\n";
  }
  return has_damage(*report) ? kFailed : kDone;
}

}  // namespace

void add_backup(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("backup", "Copy the database and its blobs into a new folder");
  auto options = std::make_shared<Backup>();
  command->add_option("FOLDER", options->folder, "Where to; made by the command, in a folder that exists")->required();
  options->data.add_data_options_to(*command);
  command->footer(
      "The server may run meanwhile, and is not held up; the copy is of one moment. FOLDER appears when it is whole;\n"
      "until then it is FOLDER.partial. It can be restored into SQLite and into PostgreSQL. Exits 1 if a blob was "
      "lost\n"
      "or damaged before: the backup is made all the same, without it.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return make_backup(session, *options); }; });
}

}  // namespace troupe::cli
