// The command line: `troupe <command>`. This room parses it and holds the client commands; what needs the whole program
// (serve, demo, everything that reads a database without a server) is handed in by the composition root as hooks.
//
//   int main(int argc, char** argv) {
//     return troupe::run_cli(argc, argv, {.serve = …, .demo = …, .verify_offline = …});
//   }
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backup/backup.hpp"
#include "backup/restore.hpp"
#include "cli/terminal.hpp"
#include "config/config.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

/// What `troupe demo` was asked for. Without --data-dir the demo keeps its data in a folder that it removes.
struct DemoOptions {
  Config config;
  bool data_dir_given = false;  ///< it differs from the default; then nothing is removed
  bool listen_given = false;    ///< it differs from the default; otherwise the demo takes any free port
  bool stay = false;            ///< keep serving after the demo's jobs have ended
  cli::Terminal terminal;       ///< for ProgressView
};

/// What `troupe db check` found.
struct DatabaseCheck {
  std::vector<StoreFinding> findings;
  std::optional<AuditVerdict> audit;  ///< absent where the chains cannot be read
  std::int64_t schema_version = 0;
  std::uint64_t rows = 0, blobs = 0, blob_bytes = 0;  ///< read
};

/// What `troupe restore` did.
struct RestoreOutcome {
  backup::RestoreReport report;
  std::optional<AuditVerdict> audit;  ///< absent where it was not asked for
};

struct CliHooks {
  /// Runs the server until it is told to stop; gives the exit code.
  std::function<int(const Config& config)> serve;
  std::function<int(const DemoOptions& options)> demo;
  /// Checks the audit chains of the configured database, without a server.
  std::function<Result<AuditVerdict>(const Config& config, const std::optional<JobId>& job)> verify_offline;

  // Of the configured database, and its data folder.
  std::function<Result<SchemaChange>(const Config& config)> migrate_database;
  std::function<Result<DatabaseCheck>(const Config& config)> check_database;
  std::function<Result<SpaceChange>(const Config& config)> vacuum_database;
  std::function<Result<backup::BackupReport>(const Config& config, const std::string& folder)> make_backup;
  std::function<Result<RestoreOutcome>(const Config& config, const std::string& folder, bool verify)> restore_backup;
};

/// Gives the exit code (exit_code.hpp). Nothing is thrown.
int run_cli(int argc, char** argv, const CliHooks& hooks);
/// The same with arguments (without the program's name) and streams of one's own.
int run_cli(const std::vector<std::string>& arguments, const CliHooks& hooks, cli::Terminal terminal);

}  // namespace troupe
