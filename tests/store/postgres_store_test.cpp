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
  for (int batch = 0; batch < 10; ++batch) {  // accepted, started, ended: each with its own commit, growing a little
    std::vector<Change> accepted, started, ended;
    for (int i = 0; i < 128; ++i) {
      JobRow job = make_job(++number);
      job.user_id = "user";
      job.spec = Document(std::string(250, 's'));
      job.state = std::string(120, 'a');
      accepted.push_back(inserting(job));
      started.emplace_back().update = make_update(job, Status::running);
      started.back().update->state = std::string(140, 'b');
      job.last_seq += 2;
      ended.emplace_back().update = make_update(job, Status::success);
      ended.back().update->state = std::string(160, 'c');
      ended.back().update->outputs = Document(std::string(60, 'o'));
    }
    for (auto& changes : {accepted, started, ended}) ASSERT_EQ(driver.commit(changes).status, CommitStatus::committed);
  }
  const std::string counters =
      "SELECT n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE schemaname = '" +
      engine.schema().name() + "' AND relname = 'job'";
  // The backend reports what it counted when its transaction has ended, at the latest when it ends itself.
  end_backends("true");
  EXPECT_TRUE(await_sql(counters, "1280 2560 2560 ")) << "inserted, updated, of these HOT: " << run_sql(counters);
}

TEST_F(PostgresStoreTest, NoIndexOfAnUpdatedTableNamesAColumnThatAnUpdateChanges) {
  EXPECT_EQ(run_sql("SELECT DISTINCT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND"
                    " a.attnum = ANY (i.indkey) WHERE i.indrelid = '" +
                    in_schema("job") + "'::regclass ORDER BY 1"),
            "client_id id user_id workflow_key ");
  EXPECT_EQ(run_sql("SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indpred IS NOT NULL AND indrelid = '" +
                    in_schema("job") + "'::regclass"),
            "(user_id <> ''::text) ");
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
          in_schema("job") + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + in_schema("hold_up") +
          "()");
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
  run_sql("DROP TRIGGER hold_up ON " + in_schema("job"));
  EXPECT_EQ(driver.commit({inserting(make_job(1))}).status, CommitStatus::committed);
}

TEST_F(PostgresStoreTest, NodesThatStartTogetherMigrateOnce) {
  const PostgresSchema fresh;
  std::atomic<int> done = 0;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 4; ++i) nodes.emplace_back([&] { done += make_postgres_store(fresh.url())->migrate().ok(); });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(done, 4);
  EXPECT_EQ(run_sql("SELECT count(*), max(schema_version) FROM " + fresh.name() + ".meta"), "1 5 ");
  EXPECT_EQ(run_sql("SELECT count(*), count(DISTINCT shard) FROM " + fresh.name() + ".slot_map"), "4096 16 ");
}

TEST_F(PostgresStoreTest, ADatabaseOfTheFirstVersionKeepsItsJournal) {
  StoreDriver driver(engine.store());
  ASSERT_EQ(driver.commit({journalled(make_job(1), 0), journalled(make_job(2), 1)}).status, CommitStatus::committed);
  const std::string before = text_of(driver.reader().journal({}));
  const std::string table = in_schema("journal");
  run_sql("ALTER TABLE " + in_schema("meta") + " DROP store_id");
  run_sql("DROP TABLE " + in_schema("journal_stub") + ", " + in_schema("retained") + ", " + in_schema("sweep"));
  run_sql("ALTER TABLE " + table + " ADD shard smallint, ADD shard_seq bigint, ADD position integer; UPDATE " + table +
          " SET shard = place >> 59, shard_seq = (place >> 20) & ((1::bigint << 39) - 1), position = place & 1048575;" +
          "ALTER TABLE " + table + " DROP place; UPDATE " + in_schema("meta") + " SET schema_version = 1");
  ASSERT_TRUE(engine.store().migrate().ok());
  EXPECT_EQ(text_of(driver.reader().journal({})), before);
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 2) << before;
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
  std::istringstream names(
      run_sql("SELECT table_name || '.' || column_name FROM information_schema.columns"
              " WHERE table_schema = '" +
              engine.schema().name() + "' AND table_name <> 'meta'"));
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
