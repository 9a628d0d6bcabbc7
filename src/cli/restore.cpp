// `troupe restore FOLDER`: an empty database and data folder, filled from a backup.
#include "backup/restore.hpp"

#include "backup/backup_check.hpp"
#include "cli/display.hpp"
#include "cli/server_options.hpp"
#include "cli/verdict_view.hpp"

namespace troupe::cli {
namespace {

struct Restore {
  ServerOptions data;
  std::string folder;
  bool check_only = false;
  bool no_verify = false;
};

Json describe(const backup::Manifest& manifest) {
  std::uint64_t rows = 0;
  for (const backup::TablePart& table : manifest.tables) rows += table.rows;
  return {{"created_at", format_rfc3339(manifest.created_at)},
          {"store", manifest.store},
          {"schema_version", manifest.schema_version},
          {"rows", rows},
          {"blobs", manifest.blobs},
          {"blob_bytes", manifest.blob_bytes},
          {"blobs_missing", manifest.blobs_missing}};
}

void show(Session& session, const char* what, const Json& manifest) {
  session.terminal.out << what << ": " << manifest["rows"] << " rows and " << manifest["blobs"] << " blobs ("
                       << short_bytes(manifest["blob_bytes"].get<std::uint64_t>()) << "), of "
                       << short_time(member_text(manifest, "created_at")) << " UTC\n";
  if (manifest["blobs_missing"] != 0)
    session.terminal.out << "warning: " << manifest["blobs_missing"]
                         << " blobs were not there when the backup was made\n";
}

int check_backup(Session& session, const Restore& options) {
  const auto manifest = backup::check_backup(options.folder);
  if (!manifest) return session.fail(manifest.error(), exit_code_of(manifest.error().code));
  if (session.json)
    session.print_json(describe(*manifest));
  else
    show(session, "whole", describe(*manifest));
  return kDone;
}

int restore(Session& session, const Restore& options) {
  if (options.check_only) return check_backup(session, options);
  const auto config = options.data.load();
  if (!config) return fail_configuration(session, config.error());
  const auto outcome = session.hooks.restore_backup(*config, options.folder, !options.no_verify);
  if (!outcome) return session.fail(outcome.error(), exit_code_of(outcome.error().code));
  Json json = describe(outcome->report.manifest);
  if (session.json) {
    json["audit"] = outcome->audit ? to_json(*outcome->audit) : Json();
    session.print_json(json);
  } else {
    show(session, "restored", json);
    if (outcome->audit) print(session.terminal.out, *outcome->audit);
  }
  return outcome->audit && !outcome->audit->whole ? kChainBroken : kDone;
}

}  // namespace

void add_restore(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("restore", "Fill an empty database and data folder from a backup");
  auto options = std::make_shared<Restore>();
  command->add_option("FOLDER", options->folder, "What troupe backup has made")->required();
  command->add_flag("--check-only", options->check_only, "Read all of the backup, and restore nothing");
  command->add_flag("--no-verify", options->no_verify, "Do not recompute the audit chains afterwards");
  options->data.add_data_options_to(*command);
  command->footer(
      "No server may run on the database. Nothing is written from a damaged backup, nor into a database or a data\n"
      "folder that holds anything. Interrupted, it can be run again; until then no server starts on that folder. Exits "
      "7\n"
      "if the audit chains of what was restored do not hold.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return restore(session, *options); }; });
}

}  // namespace troupe::cli
