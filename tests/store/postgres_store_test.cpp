#include "store_postgres/postgres_store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>

#include "store/maintenance_contract.hpp"
#include "store/postgres_probe.hpp"
#include "store/store_contract.hpp"
#include "store/temporary_folder.hpp"
#include "store_sql/job_select.hpp"
#include "store_sqlite/sqlite_store.hpp"

namespace troupe::test {
namespace {

const EngineFactory kPostgres{"postgresql", [] { return std::make_unique<PostgresEngine>(); }};
INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, testing::Values(kPostgres), name_of);
INSTANTIATE_TEST_SUITE_P(Postgres, MaintenanceContract, testing::Values(kPostgres), name_of);

class PostgresStoreTest : public testing::Test {
 protected:
  std::string in_schema(const std::string& table) const { return engine.schema().name() + "." + table; }
  /// Ends the store's server processes of a kind (`activity` is a condition on pg_stat_activity).
  static void end_backends(const std::string& activity) {
    run_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'troupe' AND " +
            activity);
  }
  /// Waits until a query gives a text, up to ten seconds.
  static bool await_sql(const std::string& sql, const std::string& expected) {
    for (int i = 0; i < 200; ++i) {
      if (run_sql(sql) == expected) return true;
      std::this_thread::sleep_for(Millis(50));  // between looks at a condition of another process
    }
    return false;
  }

  PostgresEngine engine;
};

TEST_F(PostgresStoreTest, EveryUpdateOfAJobRowIsHot) {
  StoreDriver driver(engine.store());
  std::vector<JobRow> jobs;
  std::uint32_t number = 0;
  for (int batch = 0; batch < 10;
       ++batch) {  // accepted, started, ended: each in a commit of its own, of one-step jobs' size
    std::vector<Change> accepted, started, ended;
    for (int i = 0; i < 128; ++i) {
      JobRow job = make_job(++number);
      job.user_id = "user";
      job.spec = Document(std::string(250, 's'));
      job.state = std::string(68, 'a');
      accepted.push_back(inserting(job));
      started.emplace_back().update = make_update(job, Status::running);
      started.back().update->state = std::string(71, 'b');
      job.last_seq += 2;
      ended.emplace_back().update = make_update(job, Status::success);
      ended.back().update->state = std::string(71, 'c');
      ended.back().update->outputs = Document(std::string(60, 'o'));
    }
    for (auto& changes : {accepted, started, ended}) ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  }
  const std::string counters =
      "SELECT n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE schemaname = '" +
      engine.schema().name() + "' AND relname = 'job_state_unparked'";
  // The backend reports what it counted when its transaction has ended, at the latest when it ends itself.
  end_backends("true");
  EXPECT_TRUE(await_sql(counters, "1280 2560 2560 ")) << "inserted, updated, of these HOT: " << run_sql(counters);
}

TEST_F(PostgresStoreTest, NoIndexOfAnUpdatedTableNamesAColumnThatAnUpdateChanges) {
  EXPECT_EQ(run_sql("SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND"
                    " a.attnum = ANY (i.indkey) WHERE i.indrelid = '" +
                    in_schema("job_state_unparked") + "'::regclass ORDER BY 1"),
            "id ");
  EXPECT_EQ(
      run_sql("SELECT count(*) FROM pg_index WHERE (indpred IS NOT NULL OR indexprs IS NOT NULL) AND indrelid = '" +
              in_schema("job_state_unparked") + "'::regclass"),
      "0 ");
}

TEST_F(PostgresStoreTest, AJobLiesAmongTheParkedForAsLongAsItIsParked) {
  StoreDriver driver(engine.store());
  const auto where = [&] {
    return run_sql("SELECT (SELECT count(*) FROM " + in_schema("job_state_unparked") + "), (SELECT count(*) FROM " +
                   in_schema("job_state_parked") + ")");
  };
  JobRow job = make_job(1);
  Change parked = inserting(job), on, again;
  parked.park = time_of(100);
  ASSERT_EQ(driver.commit({parked}).status, CommitStatus::committed);
  EXPECT_EQ(where(), "0 1 ");
  on.update = make_update(job, Status::running);
  on.unpark = true;
  ASSERT_EQ(driver.commit({on}).status, CommitStatus::committed);
  EXPECT_EQ(where(), "1 0 ");
  job.last_seq = on.update->last_seq;
  again.update = make_update(job, Status::running);
  again.park = kNever;
  ASSERT_EQ(driver.commit({again}).status, CommitStatus::committed);
  EXPECT_EQ(where(), "0 1 ");
}

/// How the reader's session would run a SELECT, one line after another.
std::string plan_of(const std::string& schema, const store::Select& select) {
  std::string types, values;
  for (const store::Value& value : select.values) {
    types += types.empty() ? "" : ", ", values += values.empty() ? "" : ", ";
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      types += "bigint", values += std::to_string(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      types += "text", values += '\'' + *text + '\'';
    } else {
      types += "uuid", values += '\'' + format_uuid(std::get<store::Uuid>(value)) + '\'';
    }
  }
  return run_sql("SET search_path = " + schema +
                 "; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;"
                 " SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan; PREPARE listing (" +
                 types + ") AS " + select.sql + "; EXPLAIN (COSTS OFF) EXECUTE listing (" + values + ")");
}

TEST_F(PostgresStoreTest, EveryListWalksAnIndexOfWhatWasAcceptedWithoutSorting) {
  JobQuery all, client, workflow, user, failed, later;
  client.client_id = "client";
  workflow.workflow_key = "poster";
  user.user_id = "user";
  failed.status = Status::failed;
  later.before = make_id<JobId>(100);
  const struct {
    std::string index;
    store::Select select;
  } kRules[] = {{"job_accepted_pkey", store::select_jobs(all)}, {"job_accepted_pkey", store::select_jobs(later)},
                {"job_by_client", store::select_jobs(client)},  {"job_by_workflow", store::select_jobs(workflow)},
                {"job_by_user", store::select_jobs(user)},      {"notable_pkey", store::select_jobs(failed)}};
  StoreDriver driver(engine.store());
  std::vector<Change> changes;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    JobRow job = make_job(i);
    job.client_id += std::to_string(i % 20), job.workflow_key += std::to_string(i % 20);
    job.user_id = std::to_string(i % 20);
    changes.push_back(inserting(job));
  }
  ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  for (const bool analysed : {false, true}) {
    if (analysed) run_sql("ANALYZE");
    for (const auto& [index, select] : kRules) {
      const std::string plan = plan_of(engine.schema().name(), select);
      // With statistics, ids alone may serve a client that has many of the jobs as well.
      const std::string walk = "Scan Backward using " + (analysed && index != "notable_pkey" ? "job_" : index);
      EXPECT_NE(plan.find(walk), std::string::npos) << select.sql << '\n' << plan;
      EXPECT_EQ(plan.find("Sort"), std::string::npos) << select.sql << '\n' << plan;
      EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << select.sql << '\n' << plan;
      EXPECT_NE(plan.find("job_state_parked_pkey"), std::string::npos) << select.sql << '\n' << plan;
    }
  }
}

TEST_F(PostgresStoreTest, ATextThatPostgresqlCannotHoldIsRefused) {
  StoreDriver driver(engine.store());
  JobRow job = make_job(1);
  job.user_id = std::string("a\0b", 3);
  EXPECT_EQ(driver.commit({inserting(job)}).status, CommitStatus::refused);
  job.user_id = "\xFF";
  EXPECT_EQ(driver.commit({inserting(job)}).status, CommitStatus::refused);
  job.user_id = "fine";
  EXPECT_EQ(driver.commit({inserting(job)}).status, CommitStatus::committed);
}

TEST_F(PostgresStoreTest, ACommitMeasuresTheDatabasesClock) {
  StoreDriver driver(engine.store());
  const auto offset = driver.commit({inserting(make_job(1))}).clock_offset;
  ASSERT_TRUE(offset);
  EXPECT_LT(std::chrono::abs(*offset), Millis(2'000));  // the same machine
}

TEST_F(PostgresStoreTest, AConnectionLostBeforeCommitWritesNothingAndIsMadeAnew) {
  StoreDriver driver(engine.store());
  end_backends("true");
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::unavailable);
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
  end_backends("true");
  EXPECT_TRUE(driver.reader().job(make_id<JobId>(1)).value());  // a read is simply repeated
}

TEST_F(PostgresStoreTest, AConnectionLostAtCommitIsUnknownAndAcquireTellsTheTruth) {
  StoreDriver driver(engine.store());
  // A deferred trigger runs within COMMIT, where it can be held up and ended.
  run_sql("CREATE FUNCTION " + in_schema("hold_up") +
          "() RETURNS trigger LANGUAGE plpgsql AS"
          " $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;"
          "CREATE CONSTRAINT TRIGGER hold_up AFTER INSERT ON " +
          in_schema("job_accepted") + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " +
          in_schema("hold_up") + "()");
  CommitReply reply;
  bool held = false;
  {
    const HeldTransaction holding("SELECT pg_advisory_xact_lock(42)");
    std::thread committing([&] { reply = driver.commit({inserting(make_job(1))}); });
    held = await_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", "1 ");
    end_backends("query = 'COMMIT'");
    committing.join();
  }
  ASSERT_TRUE(held);
  EXPECT_EQ(reply.status, CommitStatus::unknown) << reply.error.message;
  const std::uint64_t epoch = driver.shard(0).epoch;
  driver.acquire();
  EXPECT_EQ(driver.shard(0).epoch, epoch + 1);
  EXPECT_EQ(driver.shard(0).seq, 0u);  // it was not written
  run_sql("DROP TRIGGER hold_up ON " + in_schema("job_accepted"));
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
}

TEST_F(PostgresStoreTest, NodesThatStartTogetherMigrateOnce) {
  const PostgresSchema fresh;
  std::atomic<int> done = 0;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 4; ++i) nodes.emplace_back([&] { done += make_postgres_store(fresh.url())->migrate().ok(); });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(done, 4);
  EXPECT_EQ(run_sql("SELECT count(*), max(schema_version) FROM " + fresh.name() + ".meta"), "1 6 ");
  EXPECT_EQ(run_sql("SELECT count(*), count(DISTINCT shard) FROM " + fresh.name() + ".slot_map"), "4096 16 ");
}

TEST_F(PostgresStoreTest, ADatabaseOfTheFirstVersionKeepsItsJobsAndItsJournal) {
  StoreDriver driver(engine.store());
  std::vector<Change> changes = {journalled(make_job(1), 0), journalled(make_job(2), 1), inserting(make_job(3))};
  changes[0].park = time_of(100);
  changes[1].insert->run = make_id<RunId>(9);  // retried
  changes[1].insert->outputs = Document("");
  ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  const std::string before = text_of(driver.reader().journal({}));
  const auto jobs = [&] {
    return text_of(driver.reader().jobs({})) + text_of(driver.reader().parked(0, {}, time_of(200), 10));
  };
  const std::string jobs_before = jobs();
  const std::string schema = engine.schema().name() + '.';
  run_sql("CREATE TABLE " + schema + "job_1 AS SELECT * FROM " + schema + "job; CREATE TABLE " + schema +
          "parked_1 AS SELECT * FROM " + schema + "parked; DROP VIEW " + schema + "job, " + schema +
          "parked; DROP TABLE " + schema + "job_accepted, " + schema + "job_state; ALTER TABLE " + schema +
          "job_1 RENAME TO job; ALTER TABLE " + schema + "parked_1 RENAME TO parked; CREATE INDEX parked_by_due ON " +
          schema + "parked (shard, due)");
  const std::string table = in_schema("journal");
  run_sql("ALTER TABLE " + in_schema("meta") + " DROP store_id");
  run_sql("DROP TABLE " + in_schema("journal_stub") + ", " + in_schema("retained") + ", " + in_schema("sweep") + ", " +
          in_schema("review") + ", " + in_schema("setting"));
  run_sql("ALTER TABLE " + table + " ADD shard smallint, ADD shard_seq bigint, ADD position integer; UPDATE " + table +
          " SET shard = place >> 59, shard_seq = (place >> 20) & ((1::bigint << 39) - 1), position = place & 1048575;" +
          "ALTER TABLE " + table + " DROP place; UPDATE " + in_schema("meta") + " SET schema_version = 1");
  ASSERT_TRUE(engine.store().migrate().ok());
  EXPECT_EQ(text_of(driver.reader().journal({})), before);
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 2) << before;
  EXPECT_EQ(jobs(), jobs_before);
  EXPECT_EQ(std::count(jobs_before.begin(), jobs_before.end(), '\n'), 4) << jobs_before;
}

TEST_F(PostgresStoreTest, ADatabaseOfANewerBinaryIsRefusedAndLeftAlone) {
  run_sql("UPDATE " + in_schema("meta") + " SET schema_version = 1000");
  const auto migrated = engine.store().migrate();
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::store_newer);
  EXPECT_EQ(run_sql("SELECT schema_version FROM " + in_schema("meta")), "1000 ");
}

TEST_F(PostgresStoreTest, NodesThatInsertTheSameKeysAtOnceNeitherDeadlockNorBothWin) {
  constexpr std::uint32_t kKeys = 200;
  constexpr ShardId kNodes = 4;
  const std::string deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
  const std::string deadlocks_before = run_sql(deadlocks);
  StoreDriver driver(engine.store());
  std::vector<Commit> commits;
  std::vector<std::unique_ptr<StoreWriter>> writers;
  for (ShardId node = 0; node < kNodes; ++node) {
    std::vector<Change> changes(kKeys);
    for (std::uint32_t i = 0; i < kKeys; ++i) {
      const std::uint32_t key = node % 2 == 0 ? i : kKeys - 1 - i;  // in opposite orders
      changes[i] = inserting(make_job(node * kKeys + key, node));
      changes[i].job_key = JobKeyRow{"client", std::to_string(key), changes[i].insert->id, {}};
    }
    commits.push_back(driver.make_commit(std::move(changes), node));
    writers.push_back(engine.store().writer().value());
  }
  std::vector<CommitReply> replies(kNodes);
  std::vector<std::thread> nodes;
  {
    // Whoever comes by the middle key is held up there, until everyone has taken what it could.
    const HeldTransaction holding("INSERT INTO " + in_schema("job_key") +
                                  " VALUES ('100', 'client', '00000000-0000-0000-0000-000000000000', '')");
    for (ShardId node = 0; node < kNodes; ++node)
      nodes.emplace_back([&, node] { replies[node] = writers[node]->commit(commits[node]); });
    EXPECT_TRUE(await_sql("SELECT count(*) FROM pg_locks WHERE NOT granted", "4 "));
  }
  for (std::thread& node : nodes) node.join();

  int won = 0;
  for (const CommitReply& reply : replies) {
    won += reply.status == CommitStatus::committed;
    if (reply.status == CommitStatus::committed) continue;
    EXPECT_EQ(reply.status, CommitStatus::duplicates) << reply.error.message;
    EXPECT_EQ(reply.duplicates.size(), kKeys);
  }
  EXPECT_EQ(won, 1);
  end_backends("true");  // they report what they counted as they end; a deadlock that was retried is one, too
  EXPECT_EQ(run_sql(deadlocks), deadlocks_before);
}

TEST_F(PostgresStoreTest, AServerThatDoesNotAnswerIsGivenUp) {
  PostgresOptions options;
  options.answer_timeout = Millis(300);
  auto impatient = make_postgres_store(engine.schema().url(), options);
  StoreDriver driver(*impatient);
  CommitReply reply;
  {
    const HeldTransaction holding("LOCK TABLE " + in_schema("shard"));
    reply = driver.commit({inserting(make_job(1))});
  }
  EXPECT_EQ(reply.status, CommitStatus::unknown) << reply.error.message;
  driver.acquire();  // waits for what the server was told before it was given up
  const bool written = driver.reader().job(make_id<JobId>(1)).value().has_value();
  EXPECT_EQ(driver.shard(0).seq, written ? 1u : 0u);
  EXPECT_EQ(driver.commit({inserting(make_job(2))}).status, CommitStatus::committed);
}

class PostgresMaintenanceTest : public PostgresStoreTest {
 protected:
  std::unique_ptr<StoreMaintenance> maintenance() { return engine.store().maintenance().value(); }
};

TEST_F(PostgresMaintenanceTest, TheListOfTablesIsTheDatabases) {
  std::multiset<std::string> listed;
  const auto snapshot = maintenance()->snapshot();
  for (const TableSchema& table : (*snapshot)->tables())
    for (const FieldSchema& field : table.fields) listed.insert(table.name + "." + field.name);
  std::multiset<std::string> found;
  std::istringstream names(run_sql(
      "SELECT table_name || '.' || column_name FROM information_schema.columns"
      " WHERE table_schema = '" +
      engine.schema().name() + "' AND table_name NOT IN ('meta', 'job_accepted') AND table_name !~ '^job_state'"));
  for (std::string name; names >> name;) found.insert(name);
  EXPECT_EQ(listed, found);
}

TEST_F(PostgresMaintenanceTest, RowsOfOneEngineFillTheOther) {
  StoreDriver driver(engine.store());
  Change change = journalled(make_job(1, 4095), 0);
  change.insert->outputs = Document(std::string("\0x", 2));
  change.results = {make_result(make_id<RunId>(1), 0)};
  ASSERT_EQ(driver.commit({change}).status, CommitStatus::committed);
  const auto from = maintenance()->snapshot();

  TemporaryFolder folder;
  const auto sqlite = make_sqlite_store(folder.file("copy.db"))->maintenance().value();
  const auto fill = [](StoreSnapshot& snapshot, StoreMaintenance& to) {
    auto loader = to.load(snapshot.schema_version());
    ASSERT_TRUE(loader.ok()) << loader.error().message;
    copy_rows(snapshot, **loader);
    const auto loaded = (*loader)->commit();
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  };
  fill(**from, *sqlite);
  const auto copy = sqlite->snapshot();
  PostgresEngine other;
  const auto back = other.store().maintenance().value();
  fill(**copy, *back);
  const auto again = back->snapshot();
  for (const TableSchema& table : (*from)->tables()) {
    EXPECT_EQ(rows_of(**copy, table.name), rows_of(**from, table.name)) << table.name;
    EXPECT_EQ(rows_of(**again, table.name), rows_of(**from, table.name)) << table.name;
  }
}

TEST_F(PostgresMaintenanceTest, MoreRowsThanOneStatementTakesAreAllLoaded) {
  StoreDriver driver(engine.store());
  for (int batch = 0; batch < 5; ++batch) {
    std::vector<Change> changes;
    for (std::uint32_t i = 0; i < 1'000; ++i)
      changes.push_back(inserting(make_job(static_cast<std::uint32_t>(batch) * 1'000 + i)));
    ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  }
  PostgresEngine other;
  auto loader = other.store().maintenance().value()->load(maintenance()->schema()->to);
  ASSERT_TRUE(loader.ok()) << loader.error().message;
  copy_rows(**maintenance()->snapshot(), **loader);
  ASSERT_TRUE((*loader)->commit().ok());
  EXPECT_EQ(run_sql("SELECT count(*) FROM " + other.schema().name() + ".job"), "5000 ");
}

TEST_F(PostgresMaintenanceTest, ATextThatPostgresqlCannotHoldIsToldWithItsTable) {
  auto loader = maintenance()->load(maintenance()->schema()->to);
  ASSERT_TRUE(loader.ok()) << loader.error().message;
  ASSERT_TRUE((*loader)->begin({"workflow_flag", {{"key", FieldType::text}, {"disabled", FieldType::integer}}}).ok());
  ASSERT_TRUE((*loader)->add(std::vector<Cell>{{false, 0, std::string_view("a\0b", 3)}, {false, 0, {}}}).ok());
  const auto refused = (*loader)->commit();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::store_refused);
  EXPECT_NE(refused.error().message.find("table workflow_flag"), std::string::npos) << refused.error().message;
}

TEST_F(PostgresMaintenanceTest, CheckNamesAnIndexThatIsNotValid) {
  run_sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '" + in_schema("job_by_user") + "'::regclass");
  const auto findings = maintenance()->check();
  ASSERT_TRUE(findings.ok()) << findings.error().message;
  const bool told = std::any_of(findings->begin(), findings->end(), [](const StoreFinding& finding) {
    return !finding.warning && finding.place == "index job_by_user";
  });
  EXPECT_TRUE(told);
}

TEST_F(PostgresMaintenanceTest, CheckWarnsOfSettingsThatLoseCommits) {
  const bool durable = run_sql("SHOW fsync") == "on ";
  const auto findings = maintenance()->check();
  ASSERT_TRUE(findings.ok()) << findings.error().message;
  const bool told = std::any_of(findings->begin(), findings->end(), [](const StoreFinding& finding) {
    return finding.warning && finding.place == "setting fsync";
  });
  EXPECT_EQ(told, !durable);
}

TEST_F(PostgresMaintenanceTest, VacuumTakesEveryTableAndCountsItsBytes) {
  StoreDriver driver(engine.store());
  ASSERT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
  const auto space = maintenance()->vacuum();
  ASSERT_TRUE(space.ok()) << space.error().message;
  const std::string tables =
      " FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = '" + engine.schema().name() + "'::regnamespace";
  EXPECT_EQ(run_sql("SELECT sum(pg_total_relation_size(c.oid))" + tables), std::to_string(space->after) + ' ');
  EXPECT_TRUE(await_sql("SELECT c.relname" + tables + " AND pg_stat_get_last_vacuum_time(c.oid) IS NULL", ""));
}

TEST_F(PostgresMaintenanceTest, ASchemaOfAnotherVersionIsToldAndNotCopied) {
  run_sql("UPDATE " + in_schema("meta") + " SET schema_version = 1");
  EXPECT_EQ(maintenance()->schema()->from, 1);
  EXPECT_EQ(maintenance()->snapshot().error().code, ErrorCode::store_refused);
  EXPECT_EQ(maintenance()->vacuum().error().code, ErrorCode::store_refused);
  const PostgresSchema fresh;
  EXPECT_EQ(make_postgres_store(fresh.url())->maintenance().value()->schema()->from, 0);
}

}  // namespace
}  // namespace troupe::test
