#include "store_postgres/migrations.hpp"

#include "store_sql/portable_rows.hpp"
#include "troupe/port/store.hpp"

namespace troupe::store::postgres {
namespace {

// Append only: what has been released is never edited. Times are milliseconds since 1970; documents are bytea, because
// jsonb changes bytes and refuses \u0000; texts compare by bytes (COLLATE "C"), as in SQLite.
const std::vector<std::vector<std::string>>& migrations() {
  static const std::vector<std::vector<std::string>> list = {
      {
          // No index and no predicate names a column that an update changes, and each page keeps room for a second,
          // larger version of its rows: so updates are HOT. Measured with rows that grow by a seventh: at fillfactor
          // 50, 72,646 of 81,936; at 40 all.
          // uuid, not bytea: indexes 7 % smaller, inserts 3 to 13 % faster.
          R"(CREATE TABLE job (
        id uuid PRIMARY KEY, slot smallint NOT NULL, client_id text COLLATE "C" NOT NULL,
        job_id text COLLATE "C" NOT NULL, workflow_key text COLLATE "C" NOT NULL, workflow_version integer NOT NULL,
        user_id text COLLATE "C" NOT NULL, priority smallint NOT NULL, created_at bigint NOT NULL, spec bytea,
        status smallint NOT NULL, last_seq bigint NOT NULL, head bytea NOT NULL, run uuid NOT NULL,
        state bytea NOT NULL, run_workflow_version integer NOT NULL, updated_at bigint NOT NULL, outputs bytea,
        error bytea) WITH (fillfactor = 40))",
          "CREATE INDEX job_by_client ON job (client_id, id)",
          "CREATE INDEX job_by_workflow ON job (workflow_key, id)",
          "CREATE INDEX job_by_user ON job (user_id, id) WHERE user_id <> ''",

          R"(CREATE TABLE journal (
        chain uuid NOT NULL, first_seq bigint NOT NULL, shard smallint NOT NULL, shard_seq bigint NOT NULL,
        position integer NOT NULL, count integer NOT NULL, records bytea NOT NULL, PRIMARY KEY (chain, first_seq)))",
          // A B-tree: BRIN, and no index at all, cost the same within the noise (53 to 68 µs of backend a job), but
          // cannot give pages in order.
          "CREATE INDEX journal_by_shard ON journal (shard, shard_seq, position)",

          R"(CREATE TABLE job_key (
        job_id text COLLATE "C" NOT NULL, client_id text COLLATE "C" NOT NULL, id uuid NOT NULL,
        request bytea NOT NULL, PRIMARY KEY (job_id, client_id)))",

          R"(CREATE TABLE idempotency (
        scope bytea PRIMARY KEY, request bytea NOT NULL, status integer NOT NULL, answer bytea NOT NULL,
        created_at bigint NOT NULL))",

          R"(CREATE TABLE step_result (
        run uuid NOT NULL, compensation smallint NOT NULL, step integer NOT NULL, item bigint NOT NULL,
        attempt integer NOT NULL, epoch integer NOT NULL, status smallint NOT NULL, worker text COLLATE "C" NOT NULL,
        started_at bigint NOT NULL, ended_at bigint NOT NULL, outputs bytea, outputs_blob bytea,
        outputs_bytes bigint NOT NULL, error bytea, log bytea NOT NULL, log_blob bytea, log_bytes bigint NOT NULL,
        PRIMARY KEY (run, compensation, step, item, attempt)))",

          R"(CREATE TABLE asset (
        id uuid PRIMARY KEY, job uuid NOT NULL, run uuid NOT NULL, step text COLLATE "C" NOT NULL, item bigint NOT NULL,
        ordinal bigint NOT NULL, name text COLLATE "C" NOT NULL, media_type text COLLATE "C" NOT NULL,
        bytes bigint NOT NULL, sha256 bytea NOT NULL, width bigint NOT NULL, height bigint NOT NULL,
        created_at bigint NOT NULL))",
          "CREATE INDEX asset_by_run ON asset (run)",

          "CREATE TABLE run (id uuid PRIMARY KEY, job uuid NOT NULL, number integer NOT NULL, inputs bytea)",
          "CREATE INDEX run_by_job ON run (job)",

          R"(CREATE TABLE run_archive (
        id uuid PRIMARY KEY, job uuid NOT NULL, number integer NOT NULL, status smallint NOT NULL,
        workflow_version integer NOT NULL, state bytea NOT NULL, outputs bytea, error bytea))",

          "CREATE TABLE notable (kind smallint NOT NULL, job uuid NOT NULL, PRIMARY KEY (kind, job))",

          R"(CREATE TABLE workflow (
        key text COLLATE "C" NOT NULL, version integer NOT NULL, digest bytea NOT NULL, definition bytea NOT NULL,
        created_at bigint NOT NULL, created_by text COLLATE "C" NOT NULL, PRIMARY KEY (key, version)))",
          R"(CREATE TABLE workflow_flag (key text COLLATE "C" PRIMARY KEY, disabled smallint NOT NULL))",

          // Updated by every transaction: sixteen small rows that need room for their versions.
          R"(CREATE TABLE shard (
        id smallint PRIMARY KEY, epoch bigint NOT NULL, seq bigint NOT NULL, head bytea NOT NULL, low_water uuid NOT NULL,
        chain_seq bigint NOT NULL, chain_head bytea NOT NULL, owner text NOT NULL) WITH (fillfactor = 10))",
          R"(INSERT INTO shard SELECT id, 0, 0, decode(repeat('00', 32), 'hex'), '00000000-0000-0000-0000-000000000000',
        0, decode(repeat('00', 32), 'hex'), '' FROM generate_series(0, 15) AS id)",

          "CREATE TABLE slot_map (slot smallint PRIMARY KEY, shard smallint NOT NULL)",
          "INSERT INTO slot_map SELECT slot, slot % 16 FROM generate_series(0, 4095) AS slot",

          "CREATE TABLE parked (job uuid PRIMARY KEY, due bigint NOT NULL, shard smallint NOT NULL)",
          "CREATE INDEX parked_by_due ON parked (shard, due)",
      },
      {
          // Shard, transaction and position in one number (journal_place): a smaller index.
          R"(CREATE TABLE journal_2 (place bigint NOT NULL, chain uuid NOT NULL, first_seq bigint NOT NULL,
            count integer NOT NULL, records bytea NOT NULL))",
          R"(INSERT INTO journal_2 SELECT (shard::bigint << 59) | (shard_seq << 20) | position, chain, first_seq, count,
            records FROM journal)",
          "DROP TABLE journal",
          "ALTER TABLE journal_2 RENAME TO journal",
          "ALTER TABLE journal ADD PRIMARY KEY (chain, first_seq)",
          "CREATE UNIQUE INDEX journal_by_place ON journal (place)",
      },
      {
          // Many jobs may fall due at the same time: pages go on within it.
          "DROP INDEX parked_by_due",
          "CREATE INDEX parked_by_due ON parked (shard, due, job)",
      },
      {
          // What retention leaves of jobs, and how far it has come.
          R"(CREATE TABLE journal_stub (
        place bigint PRIMARY KEY, chain uuid NOT NULL, first_seq bigint NOT NULL, removed bigint NOT NULL,
        hashes bytea NOT NULL))",
          "CREATE TABLE retained (job uuid PRIMARY KEY, due bigint NOT NULL, shard smallint NOT NULL)",
          "CREATE INDEX retained_by_due ON retained (shard, due, job)",
          R"(CREATE TABLE sweep (
        shard smallint PRIMARY KEY, swept bigint NOT NULL, stubs bigint NOT NULL, kept_rows bigint NOT NULL,
        checkpoint bigint NOT NULL, head bytea NOT NULL, chain_seq bigint NOT NULL, chain_head bytea NOT NULL,
        kept bytea NOT NULL, recorded bigint NOT NULL, clean smallint NOT NULL))",
          "ALTER TABLE meta ADD store_id text NOT NULL DEFAULT ''",
          "UPDATE meta SET store_id = replace(gen_random_uuid()::text, '-', '')",
      },
      {
          // From here on journal rows may be packed (store_sql/journal_bytes.hpp). Nothing to be done about those there
          // are; a binary that cannot unpack has to refuse the database.
          //
          // A job in two rows (ADR 0017): what was accepted never changes and lies dense; only the state needs room for
          // its next version. The state of a parked job lies dense, too, in a partition of its own, which is the table
          // of parked jobs at the same time: PostgreSQL moves the row when `due` is set or cleared. Fields of eight
          // bytes come before those of four and two: none is padded. `run` is NULL where it is the job's own id, and
          // `shard` where the job was never parked.
          R"(CREATE TABLE job_accepted (
        id uuid NOT NULL, created_at bigint NOT NULL, workflow_version integer NOT NULL, slot smallint NOT NULL,
        priority smallint NOT NULL, client_id text COLLATE "C" NOT NULL, job_id text COLLATE "C" NOT NULL,
        workflow_key text COLLATE "C" NOT NULL, user_id text COLLATE "C" NOT NULL, spec bytea))",
          R"(CREATE TABLE job_state (
        id uuid NOT NULL, updated_at bigint NOT NULL, last_seq bigint NOT NULL, due bigint,
        run_workflow_version integer NOT NULL, status smallint NOT NULL, shard smallint, head bytea NOT NULL,
        state bytea NOT NULL, outputs bytea, error bytea, run uuid) PARTITION BY LIST (due))",
          "CREATE TABLE job_state_unparked PARTITION OF job_state FOR VALUES IN (NULL) WITH (fillfactor = 40)",
          "CREATE TABLE job_state_parked PARTITION OF job_state DEFAULT",
          R"(INSERT INTO job_accepted SELECT id, created_at, workflow_version, slot, priority, client_id, job_id,
            workflow_key, user_id, spec FROM job)",
          R"(INSERT INTO job_state SELECT j.id, j.updated_at, j.last_seq, p.due, j.run_workflow_version, j.status,
            p.shard, j.head, j.state, j.outputs, j.error, nullif(j.run, j.id)
            FROM job j LEFT JOIN parked p ON p.job = j.id)",
          "DROP TABLE job, parked",
          // The primary keys last: of two indexes that cost the same, as all do for a table that was found empty, the
          // planner takes the younger, and a kept plan would go on to read parked_by_due as a whole for one id.
          "CREATE INDEX job_by_client ON job_accepted (client_id, id)",
          "CREATE INDEX job_by_workflow ON job_accepted (workflow_key, id)",
          "CREATE INDEX job_by_user ON job_accepted (user_id, id) WHERE user_id <> ''",
          "CREATE INDEX parked_by_due ON job_state_parked (shard, due, id)",
          "ALTER TABLE job_accepted ADD PRIMARY KEY (id)",
          "ALTER TABLE job_state_unparked ADD PRIMARY KEY (id)",
          "ALTER TABLE job_state_parked ADD PRIMARY KEY (id)",
          // LIMIT 1: what was accepted is always walked first, by an index of its own. Else a kept plan walks all
          // states and looks each one's client up: 24 ms in place of 1 for a client with none of 100,000 jobs. And a
          // state is looked for among the parked only where it was not found before.
          R"(CREATE VIEW job AS SELECT a.id, a.slot, a.client_id, a.job_id, a.workflow_key, a.workflow_version, a.user_id,
            a.priority, a.created_at, a.spec, s.status, s.last_seq, s.head, coalesce(s.run, s.id) AS run, s.state,
            s.run_workflow_version, s.updated_at, s.outputs, s.error
            FROM job_accepted a CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = a.id LIMIT 1) s)",
          "CREATE VIEW parked AS SELECT id AS job, due, shard FROM job_state_parked",
          // So that the rows of a backup go in by the names that they came out by.
          R"(CREATE RULE split_job AS ON INSERT TO job DO INSTEAD (
            INSERT INTO job_accepted VALUES (new.id, new.created_at, new.workflow_version, new.slot, new.priority,
              new.client_id, new.job_id, new.workflow_key, new.user_id, new.spec);
            INSERT INTO job_state VALUES (new.id, new.updated_at, new.last_seq, NULL, new.run_workflow_version,
              new.status, NULL, new.head, new.state, new.outputs, new.error, nullif(new.run, new.id))))",
          R"(CREATE RULE park_job AS ON INSERT TO parked DO INSTEAD
            UPDATE job_state SET due = new.due, shard = new.shard WHERE id = new.job)",
      },
      {
          // Decisions of reviewers, and what operators set while the node runs.
          R"(CREATE TABLE review (
        run uuid NOT NULL, asset uuid NOT NULL, reviewer text COLLATE "C" NOT NULL, approved smallint NOT NULL,
        notes text COLLATE "C" NOT NULL, decided_at bigint NOT NULL, PRIMARY KEY (run, asset, reviewer)))",
          R"(CREATE TABLE setting (
        kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, document bytea NOT NULL,
        updated_at bigint NOT NULL, PRIMARY KEY (kind, id)))",
      }};
  return list;
}
static_assert(kShardCount == 16 && kSlotCount == 4096, "the first migration makes so many");

/// Any number, but always the same: the lock that starting nodes take.
constexpr const char* kTakeLock = "SELECT pg_advisory_xact_lock(8385543421)";

}  // namespace

std::int64_t newest_schema() { return static_cast<std::int64_t>(migrations().size()); }

const std::vector<std::string>& physical_tables() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = {"job_accepted", "job_state_unparked", "job_state_parked", "meta"};
    for (const TableSchema& table : stored_tables())
      if (table.name != "job" && table.name != "parked") list.push_back(table.name);
    return list;
  }();
  return names;
}

Result<Done> drop_schema(Connection& connection) {
  std::string tables = "job_state";  // what it is partitioned into goes with it
  for (const std::string& name : physical_tables())
    if (!name.starts_with("job_state")) tables += ", " + name;
  return connection.run({"DROP VIEW job, parked", "DROP TABLE " + tables});
}

Result<std::int64_t> select_number(Connection& connection, const std::string& sql) {
  Answers answers = connection.exchange({{Request::Kind::run_text, {}, sql, {}}});
  if (answers.lost) return connection.unavailable(answers.error);
  if (const Answer* failed = answers.failed()) return Error{ErrorCode::store_unavailable, failed->message(), true, {}};
  return answers.answers.front().integer(0);
}

Result<SchemaChange> schema_of(Connection& connection) {
  const auto tables = select_number(connection, "SELECT count(to_regclass('meta'))");
  if (!tables) return tables.error();
  if (*tables == 0) return SchemaChange{0, newest_schema()};
  const auto version = select_number(connection, "SELECT schema_version FROM meta");
  if (!version) return version.error();
  return SchemaChange{*version, newest_schema()};
}

Result<Done> begin_migration(Connection& connection) { return connection.run({"BEGIN", kTakeLock}); }

Result<SchemaChange> upgrade(Connection& connection, std::int64_t to) {
  const auto schema = schema_of(connection);
  if (!schema) return schema;
  if (schema->from > newest_schema()) return newer_schema(schema->from, newest_schema());
  if (schema->from >= to) return SchemaChange{schema->from, schema->from};
  std::vector<std::string> texts;
  if (schema->from == 0) {
    texts.push_back("CREATE TABLE meta (schema_version bigint NOT NULL)");
    texts.push_back("INSERT INTO meta VALUES (0)");
  }
  for (std::int64_t next = schema->from; next < to; ++next) {
    const auto& steps = migrations()[static_cast<std::size_t>(next)];
    texts.insert(texts.end(), steps.begin(), steps.end());
  }
  texts.push_back("UPDATE meta SET schema_version = " + std::to_string(to));
  if (auto done = connection.run(texts); !done) return done.error();
  return SchemaChange{schema->from, to};
}

Result<SchemaChange> migrate(Connection& connection) {
  const auto begun = begin_migration(connection);
  Result<SchemaChange> change = begun ? upgrade(connection, newest_schema()) : Result<SchemaChange>(begun.error());
  if (change) {
    if (auto committed = connection.run({"COMMIT"}); !committed) change = committed.error();
  }
  if (!change && !connection.lost()) connection.exchange({{Request::Kind::run_text, {}, "ROLLBACK", {}}});
  return change;
}

}  // namespace troupe::store::postgres
