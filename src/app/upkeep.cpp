#include "app/upkeep.hpp"

#include "app/application.hpp"
#include "app/verify.hpp"
#include "audit/chain.hpp"
#include "backup/stored_rows.hpp"
#include "blob/file/file_blob_store.hpp"
#include "store/open.hpp"
#include "telemetry/build_info.hpp"
#include "troupe/base/clock.hpp"

namespace troupe {
namespace {

/// A store, and how it is kept.
struct Kept {
  std::unique_ptr<Store> store;
  std::unique_ptr<StoreMaintenance> maintenance;
};

Result<Kept> open_kept(const Config& config) {
  auto store = open_store(config.database.url);
  if (!store) return store.error();
  auto maintenance = (*store)->maintenance();
  if (!maintenance) return maintenance.error();
  return Kept{*std::move(store), *std::move(maintenance)};
}

StoreFinding damage(std::string place, const Error& error) { return {false, std::move(place), error.message}; }

/// What is wrong with the schema, if anything: then the rows cannot be read.
std::optional<StoreFinding> schema_fault(const SchemaChange& schema) {
  if (schema.from == schema.to) return std::nullopt;
  const std::string versions =
      "version " + std::to_string(schema.from) + ", this binary's is " + std::to_string(schema.to);
  if (schema.from == 0) return StoreFinding{false, "schema", "there is none: nothing was ever stored here"};
  if (schema.from > schema.to) return StoreFinding{false, "schema", versions + ": use the newer binary"};
  return StoreFinding{false, "schema", versions + ": run troupe db migrate"};
}

}  // namespace

Result<SchemaChange> migrate_database(const Config& config) {
  const auto kept = open_kept(config);
  if (!kept) return kept.error();
  if (const auto paths = make_data_dir(config); !paths) return paths.error();
  return kept->store->migrate();
}

// What can be found is found, whatever else is damaged.
Result<DatabaseCheck> check_database(const Config& config) {
  const auto kept = open_kept(config);
  if (!kept) return kept.error();
  const auto schema = kept->maintenance->schema();
  if (!schema) return schema.error();
  DatabaseCheck check;
  check.schema_version = schema->from;
  const DataPaths paths = data_paths(config);
  if (const auto whole = backup::check_not_restoring(paths.root); !whole)
    check.findings.push_back(damage("data folder", whole.error()));
  if (auto fault = schema_fault(*schema)) {
    check.findings.push_back(*std::move(fault));
    return check;
  }
  auto findings = kept->maintenance->check();
  if (!findings) return findings.error();
  check.findings.insert(check.findings.end(), findings->begin(), findings->end());

  const auto reader = kept->store->reader(1);
  if (!reader) return reader.error();
  if (const auto report = verify_store(**reader))
    check.audit = verdict_of(*report);
  else
    check.findings.push_back(damage("audit chains", report.error()));
  const auto blobs = FileBlobStore::for_reading(paths.blobs);
  if (const auto rows = backup::check_rows(*kept->maintenance, **reader, *blobs)) {
    check.rows = rows->rows;
    check.blobs = rows->blobs;
    check.blob_bytes = rows->blob_bytes;
    check.findings.insert(check.findings.end(), rows->findings.begin(), rows->findings.end());
  } else {
    check.findings.push_back(damage("rows", rows.error()));
  }
  return check;
}

Result<SpaceChange> vacuum_database(const Config& config) {
  const auto kept = open_kept(config);
  if (!kept) return kept.error();
  return kept->maintenance->vacuum();
}

Result<backup::BackupReport> make_backup(const Config& config, const std::string& folder) {
  const auto kept = open_kept(config);
  if (!kept) return kept.error();
  const auto reader = kept->store->reader(1);
  if (!reader) return reader.error();
  const auto blobs = FileBlobStore::for_reading(data_paths(config).blobs);
  SystemClock clock;
  const backup::BackupRequest request{folder, std::string(build_info().version), kept->store->kind(), clock.now()};
  return backup::make_backup(request, *kept->maintenance, **reader, *blobs);
}

Result<RestoreOutcome> restore_backup(const Config& config, const std::string& folder, bool verify) {
  const auto kept = open_kept(config);
  if (!kept) return kept.error();
  const auto paths = make_data_dir(config);
  if (!paths) return paths.error();
  auto report = backup::restore_backup(folder, {*kept->maintenance, paths->root, paths->blobs});
  if (!report) return report.error();
  RestoreOutcome outcome{*std::move(report), std::nullopt};
  if (!verify) return outcome;
  auto verdict = verify_offline(config, std::nullopt);
  if (!verdict) return verdict.error();
  outcome.audit = *std::move(verdict);
  return outcome;
}

}  // namespace troupe
