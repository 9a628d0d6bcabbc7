#include "store_sqlite/migrations.hpp"

#include <array>

#include "store_sql/portable_rows.hpp"
#include "troupe/port/store.hpp"

namespace troupe::store::sqlite {
namespace {

// Append only: what has been released is never edited. Ids are 16-byte blobs, times milliseconds since 1970.
// Small rows lie in their primary key (WITHOUT ROWID); for jobs that gained nothing beyond the noise, for the journal
// it cost a fifth (35 k instead of 42 k jobs/s).
constexpr std::array kMigrations = {
    R"sql(
CREATE TABLE job (
  id BLOB NOT NULL PRIMARY KEY, slot INTEGER NOT NULL, client_id TEXT NOT NULL, job_id TEXT NOT NULL,
  workflow_key TEXT NOT NULL, workflow_version INTEGER NOT NULL, user_id TEXT NOT NULL, priority INTEGER NOT NULL,
  created_at INTEGER NOT NULL, spec BLOB,
  status INTEGER NOT NULL, last_seq INTEGER NOT NULL, head BLOB NOT NULL, run BLOB NOT NULL, state BLOB NOT NULL,
  run_workflow_version INTEGER NOT NULL, updated_at INTEGER NOT NULL, outputs BLOB, error BLOB);
CREATE INDEX job_by_client ON job (client_id, id);
CREATE INDEX job_by_workflow ON job (workflow_key, id);
CREATE INDEX job_by_user ON job (user_id, id) WHERE user_id <> '';

CREATE TABLE journal (
  chain BLOB NOT NULL, first_seq INTEGER NOT NULL, shard INTEGER NOT NULL, shard_seq INTEGER NOT NULL,
  position INTEGER NOT NULL, count INTEGER NOT NULL, records BLOB NOT NULL, PRIMARY KEY (chain, first_seq));
CREATE INDEX journal_by_shard ON journal (shard, shard_seq, position);

CREATE TABLE job_key (
  job_id TEXT NOT NULL, client_id TEXT NOT NULL, id BLOB NOT NULL, request BLOB NOT NULL,
  PRIMARY KEY (job_id, client_id)) WITHOUT ROWID;

CREATE TABLE idempotency (
  scope BLOB NOT NULL PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL,
  created_at INTEGER NOT NULL);

CREATE TABLE step_result (
  run BLOB NOT NULL, compensation INTEGER NOT NULL, step INTEGER NOT NULL, item INTEGER NOT NULL,
  attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, status INTEGER NOT NULL, worker TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, outputs BLOB, outputs_blob BLOB,
  outputs_bytes INTEGER NOT NULL, error BLOB, log BLOB NOT NULL, log_blob BLOB, log_bytes INTEGER NOT NULL,
  PRIMARY KEY (run, compensation, step, item, attempt));

CREATE TABLE asset (
  id BLOB NOT NULL PRIMARY KEY, job BLOB NOT NULL, run BLOB NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL,
  ordinal INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, bytes INTEGER NOT NULL,
  sha256 BLOB NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX asset_by_run ON asset (run);

CREATE TABLE run (id BLOB NOT NULL PRIMARY KEY, job BLOB NOT NULL, number INTEGER NOT NULL, inputs BLOB)
  WITHOUT ROWID;
CREATE INDEX run_by_job ON run (job);

CREATE TABLE run_archive (
  id BLOB NOT NULL PRIMARY KEY, job BLOB NOT NULL, number INTEGER NOT NULL, status INTEGER NOT NULL,
  workflow_version INTEGER NOT NULL, state BLOB NOT NULL, outputs BLOB, error BLOB);

CREATE TABLE notable (kind INTEGER NOT NULL, job BLOB NOT NULL, PRIMARY KEY (kind, job)) WITHOUT ROWID;

CREATE TABLE workflow (
  key TEXT NOT NULL, version INTEGER NOT NULL, digest BLOB NOT NULL, definition BLOB NOT NULL,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (key, version));
CREATE TABLE workflow_flag (key TEXT NOT NULL PRIMARY KEY, disabled INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE shard (
  id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL, low_water BLOB NOT NULL,
  chain_seq INTEGER NOT NULL, chain_head BLOB NOT NULL, owner TEXT NOT NULL);
WITH RECURSIVE shards (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM shards WHERE id < 15)
  INSERT INTO shard SELECT id, 0, 0, zeroblob(32), zeroblob(16), 0, zeroblob(32), '' FROM shards;

CREATE TABLE slot_map (slot INTEGER PRIMARY KEY, shard INTEGER NOT NULL);
WITH RECURSIVE slots (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM slots WHERE slot < 4095)
  INSERT INTO slot_map SELECT slot, slot % 16 FROM slots;

CREATE TABLE parked (job BLOB NOT NULL PRIMARY KEY, due INTEGER NOT NULL, shard INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX parked_by_due ON parked (shard, due);
)sql",
    // Shard, transaction and position in one number, which is the row's own id (journal_place): one index less.
    R"sql(
ALTER TABLE journal RENAME TO journal_1;
CREATE TABLE journal (
  place INTEGER PRIMARY KEY, chain BLOB NOT NULL, first_seq INTEGER NOT NULL, count INTEGER NOT NULL,
  records BLOB NOT NULL, UNIQUE (chain, first_seq));
INSERT INTO journal SELECT (shard << 59) | (shard_seq << 20) | position, chain, first_seq, count, records FROM journal_1
  ORDER BY shard, shard_seq, position;
DROP TABLE journal_1;
)sql",
    // Many jobs may fall due at the same time: pages go on within it.
    R"sql(
DROP INDEX parked_by_due;
CREATE INDEX parked_by_due ON parked (shard, due, job);
)sql",
    // What retention leaves of jobs, and how far it has come.
    R"sql(
CREATE TABLE journal_stub (
  place INTEGER PRIMARY KEY, chain BLOB NOT NULL, first_seq INTEGER NOT NULL, removed INTEGER NOT NULL,
  hashes BLOB NOT NULL);
CREATE TABLE retained (job BLOB NOT NULL PRIMARY KEY, due INTEGER NOT NULL, shard INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX retained_by_due ON retained (shard, due, job);
CREATE TABLE sweep (
  shard INTEGER PRIMARY KEY, swept INTEGER NOT NULL, stubs INTEGER NOT NULL, kept_rows INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL, head BLOB NOT NULL, chain_seq INTEGER NOT NULL, chain_head BLOB NOT NULL,
  kept BLOB NOT NULL, recorded INTEGER NOT NULL, clean INTEGER NOT NULL);
ALTER TABLE meta ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
UPDATE meta SET store_id = lower(hex(randomblob(16)));
)sql",
    // PostgreSQL's rows of jobs in two tables: its updates write whole rows into room that pages keep for them; here a
    // row is rewritten in its place.
    // From here on journal rows may be packed (store_sql/journal_bytes.hpp). Nothing to be done about those there are;
    // a binary that cannot unpack has to refuse the database.
    "",
    // Decisions of reviewers, and what operators set while the node runs.
    R"sql(
CREATE TABLE review (
  run BLOB NOT NULL, asset BLOB NOT NULL, reviewer TEXT NOT NULL, approved INTEGER NOT NULL, notes TEXT NOT NULL,
  decided_at INTEGER NOT NULL, PRIMARY KEY (run, asset, reviewer)) WITHOUT ROWID;
CREATE TABLE setting (
  kind TEXT NOT NULL, id TEXT NOT NULL, document BLOB NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (kind, id))
  WITHOUT ROWID;
)sql",
};
static_assert(kShardCount == 16 && kSlotCount == 4096, "the first migration makes so many");

constexpr std::int64_t kNewest = kMigrations.size();

Result<std::int64_t> number(Connection& connection, const std::string& sql) {
  std::int64_t value = 0;
  auto done = connection.select(sql, {}, [&](const RowView& row) {
    value = row.integer(0);
    return true;
  });
  if (!done) return std::move(done).error();
  return value;
}

}  // namespace

std::int64_t newest_schema() { return kNewest; }

Result<SchemaChange> schema_of(Connection& connection) {
  const auto tables = number(connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'");
  if (!tables) return tables.error();
  if (*tables == 0) return SchemaChange{0, kNewest};
  const auto version = number(connection, "SELECT schema_version FROM meta");
  if (!version) return version.error();
  return SchemaChange{*version, kNewest};
}

Result<SchemaChange> upgrade(Connection& connection, std::int64_t to) {
  const auto schema = schema_of(connection);
  if (!schema) return schema;
  if (schema->from > kNewest) return newer_schema(schema->from, kNewest);
  if (schema->from >= to) return SchemaChange{schema->from, schema->from};
  if (schema->from == 0 && connection.execute("CREATE TABLE IF NOT EXISTS meta (schema_version INTEGER NOT NULL);"
                                              "DELETE FROM meta; INSERT INTO meta VALUES (0)") != SQLITE_OK)
    return connection.unavailable();
  for (std::int64_t next = schema->from; next < to; ++next)
    if (connection.execute(kMigrations[static_cast<std::size_t>(next)]) != SQLITE_OK) return connection.unavailable();
  if (connection.execute("UPDATE meta SET schema_version = " + std::to_string(to)) != SQLITE_OK)
    return connection.unavailable();
  return SchemaChange{schema->from, to};
}

Result<SchemaChange> migrate(Connection& connection) {
  if (connection.execute("BEGIN IMMEDIATE") != SQLITE_OK) return connection.unavailable();
  Result<SchemaChange> done = upgrade(connection, kNewest);
  if (done && connection.execute("COMMIT") != SQLITE_OK) done = connection.unavailable();
  if (!done && connection.in_transaction()) connection.execute("ROLLBACK");
  return done;
}

}  // namespace troupe::store::sqlite
