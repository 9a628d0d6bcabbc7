#include "store/maintenance_contract.hpp"

#include "store/store_contract.hpp"

namespace troupe::test {

std::multiset<std::string> rows_of(StoreSnapshot& snapshot, const std::string& table) {
  std::multiset<std::string> rows;
  for (const TableSchema& schema : snapshot.tables()) {
    if (schema.name != table) continue;
    const auto read = snapshot.read(schema, [&](RowCells cells) -> Result<Done> {
      std::string text;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        text += schema.fields[i].name + '=';
        if (cells[i].absent)
          text += "absent ";
        else if (schema.fields[i].type == FieldType::integer)
          text += std::to_string(cells[i].integer) + ' ';
        else
          text += to_hex(reinterpret_cast<const std::uint8_t*>(cells[i].bytes.data()), cells[i].bytes.size()) + ' ';
      }
      rows.insert(text);
      return Done{};
    });
    EXPECT_TRUE(read.ok()) << read.error().message;
  }
  return rows;
}

void copy_rows(StoreSnapshot& from, StoreLoader& to, const std::set<std::string>& later) {
  for (const TableSchema& table : from.tables()) {
    if (later.contains(table.name)) continue;
    ASSERT_TRUE(to.begin(table).ok());
    const auto copied = from.read(table, [&](RowCells row) { return to.add(row); });
    ASSERT_TRUE(copied.ok()) << copied.error().message;
  }
}

void MaintenanceContract::given_rows_of_all_kinds() {
  Change accepted = journalled(make_job(1, 4095), 0);
  accepted.job_key = JobKeyRow{"Zo\u00eb", "order-1", make_id<JobId>(1, 4095), make_digest(1)};
  accepted.idempotency = IdempotencyRow{make_digest(2), make_digest(3), 202, std::string("a\0b", 3), time_of(1)};
  accepted.insert->outputs = Document("");  // empty is not absent
  accepted.insert->last_seq = 1ULL << 62;
  Change parked = inserting(make_job(2));
  parked.park = kNever;
  Change retried = inserting(make_job(3));
  retried.results = {make_result(make_id<RunId>(3), 0), make_result(make_id<RunId>(3), 1, 2)};
  retried.assets = {make_asset(make_job(3), 1)};
  retried.reviews = {make_review(make_id<RunId>(3), 1, "ada")};
  retried.settings = {make_setting("nightly", 1)};
  retried.run = RunRow{make_id<RunId>(4), make_id<JobId>(3), 2, Document("{}")};
  retried.archive = RunArchive{make_id<RunId>(3), make_id<JobId>(3), 1, Status::failed, 1, "state", {}, Document("{}")};
  retried.notable = NotableRow{Status::failed, make_id<JobId>(3)};
  Change applied;
  applied.workflow = WorkflowRow{"poster", 3, make_digest(4), "{}", time_of(2), "me"};
  applied.workflow_disabled = std::pair{std::string("poster"), true};
  Change swept;
  swept.sweep = std::make_shared<Sweep>();
  swept.sweep->row = {0, 7, 3, 2, 1, false, {5, make_digest(1), 4, make_digest(2), make_digest(3), 6}};
  swept.sweep->retained = {{make_id<JobId>(1, 4095), time_of(9)}};
  commit({accepted, parked, retried, applied, swept, inserting(make_job(5))});
  Change removed;
  removed.sweep = std::make_shared<Sweep>();
  removed.sweep->row = swept.sweep->row;
  removed.sweep->removals = {
      {make_id<JobId>(5), 1, "client", "", {{make_id<ChainId>(5), 1, {make_digest(1), make_digest(2)}, 0, 9, 1, 2}}}};
  commit({removed});
}

TEST_P(MaintenanceContract, EveryTableHasARowInTheseTests) {
  given_rows_of_all_kinds();
  const auto snapshot = maintenance()->snapshot();
  for (const TableSchema& table : (*snapshot)->tables())
    EXPECT_FALSE(rows_of(**snapshot, table.name).empty()) << table.name;
}

TEST_P(MaintenanceContract, ASnapshotShowsOneMomentWhileTheWriterGoesOn) {
  commit({inserting(make_job(1))});
  const auto snapshot = maintenance()->snapshot();
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  commit({inserting(make_job(2))});
  const auto jobs = rows_of(**snapshot, "job");
  Change change;
  change.update = make_update(make_job(1), Status::success);
  commit({change});

  EXPECT_EQ(jobs.size(), 1u);
  EXPECT_EQ(rows_of(**snapshot, "job"), jobs);
  EXPECT_EQ(rows_of(**snapshot, "shard").size(), 16u);
  EXPECT_EQ(rows_of(**maintenance()->snapshot(), "job").size(), 2u);
  EXPECT_NE(rows_of(**snapshot, "shard"), rows_of(**maintenance()->snapshot(), "shard"));
}

TEST_P(MaintenanceContract, WhatIsCopiedIntoAnEmptyDatabaseIsTheSameAndIsServedOnward) {
  given_rows_of_all_kinds();
  const auto from = maintenance()->snapshot();
  const auto other = GetParam().make();
  {
    auto loader = maintenance_of(*other)->load((*from)->schema_version());
    ASSERT_TRUE(loader.ok()) << loader.error().message;
    copy_rows(**from, **loader);
    const auto loaded = (*loader)->commit();
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  }
  {
    const auto copy = maintenance_of(*other)->snapshot();
    for (const TableSchema& table : (*from)->tables())
      EXPECT_EQ(rows_of(**copy, table.name), rows_of(**from, table.name)) << table.name;
  }
  ASSERT_TRUE(other->store().migrate().ok());
  StoreDriver served(other->store());
  EXPECT_EQ(served.shard(0).seq, 2u);
  EXPECT_EQ(served.shard(0).epoch, driver->shard(0).epoch + 1);
  Change change;
  change.update = make_update(make_job(3), Status::success);
  EXPECT_EQ(served.commit({change, inserting(make_job(9))}).status, CommitStatus::committed);
}

TEST_P(MaintenanceContract, ALoadThatIsDroppedLeavesTheDatabaseEmpty) {
  commit({inserting(make_job(1))});
  const auto from = maintenance()->snapshot();
  const auto other = GetParam().make();
  {
    auto loader = maintenance_of(*other)->load((*from)->schema_version());
    ASSERT_TRUE(loader.ok()) << loader.error().message;
    copy_rows(**from, **loader);
  }
  StoreDriver driven(other->store());
  EXPECT_EQ(text_of(driven.reader().jobs({})), "");
  EXPECT_EQ(driven.shard(0).epoch, 1u);
}

TEST_P(MaintenanceContract, ADatabaseThatHoldsAnythingIsNotFilled) {
  const std::int64_t version = maintenance()->schema()->to;
  commit({});  // an empty transaction: nothing but the shard's seq tells of it
  driver.reset();
  const auto moved = maintenance()->load(version);
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().code, ErrorCode::store_refused);
  EXPECT_NE(moved.error().message.find("has been written to"), std::string::npos) << moved.error().message;

  driver.emplace(engine->store());
  commit({inserting(make_job(1))});
  driver.reset();
  const auto held = maintenance()->load(version);
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error().code, ErrorCode::store_refused) << held.error().message;
  EXPECT_EQ(rows_of(**maintenance()->snapshot(), "job").size(), 1u);
}

TEST_P(MaintenanceContract, WhatDoesNotFitIsRefusedWithItsTable) {
  driver.reset();
  auto loader = maintenance()->load(maintenance()->schema()->to);
  ASSERT_TRUE(loader.ok()) << loader.error().message;
  const auto refuses = [](const Result<Done>& done, const std::string& word) {
    return !done.ok() && done.error().code == ErrorCode::store_refused &&
           done.error().message.find(word) != std::string::npos;
  };
  EXPECT_TRUE(refuses((*loader)->begin({"nothing", {}}), "nothing"));
  EXPECT_TRUE(refuses((*loader)->begin({"job", {{"id; DROP TABLE job", FieldType::uuid}}}), "table job"));
  ASSERT_TRUE((*loader)->begin({"notable", {{"kind", FieldType::integer}, {"job", FieldType::uuid}}}).ok());
  const Cell kind{false, 3, {}};
  EXPECT_TRUE(refuses((*loader)->add(std::vector<Cell>{kind}), "table notable"));
  EXPECT_TRUE(refuses((*loader)->add(std::vector<Cell>{kind, {false, 0, "short"}}), "no valid job"));
  EXPECT_TRUE(refuses((*loader)->add(std::vector<Cell>{kind, {true, 0, {}}}), "no valid job"));

  // A key that exists is told at once, or when the rows are written together.
  const std::vector<Cell> row = {kind, {false, 0, "0123456789abcdef"}};
  ASSERT_TRUE((*loader)->add(row).ok());
  Result<Done> twice = (*loader)->add(row);
  if (twice) {
    const auto committed = (*loader)->commit();
    ASSERT_FALSE(committed.ok());
    twice = committed.error();
  }
  EXPECT_TRUE(refuses(twice, "table notable"));
}

TEST_P(MaintenanceContract, RowsOfTheFirstSchemaVersionAreBroughtUpToDate) {
  driver.reset();
  auto loader = maintenance()->load(1);
  ASSERT_TRUE(loader.ok()) << loader.error().message;
  ASSERT_TRUE((*loader)
                  ->begin({"journal",
                           {{"chain", FieldType::uuid},
                            {"first_seq", FieldType::integer},
                            {"shard", FieldType::integer},
                            {"shard_seq", FieldType::integer},
                            {"position", FieldType::integer},
                            {"count", FieldType::integer},
                            {"records", FieldType::bytes}}})
                  .ok());
  const std::vector<Cell> row = {{false, 0, "0123456789abcdef"},
                                 {false, 7, {}},
                                 {false, 3, {}},
                                 {false, 5, {}},
                                 {false, 2, {}},
                                 {false, 1, {}},
                                 {false, 0, "{}\n"}};
  ASSERT_TRUE((*loader)->add(row).ok());
  const auto change = (*loader)->commit();
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_EQ(change->from, 1);
  EXPECT_EQ(change->to, maintenance()->schema()->to);
  loader->reset();

  const auto rows = engine->store().reader(1).value()->journal({});
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().shard, 3);
  EXPECT_EQ(rows->front().transaction, 5u);
  EXPECT_EQ(rows->front().position, 2u);
}

TEST_P(MaintenanceContract, JobsOfTheFourthSchemaVersionAreBroughtUpToDate) {
  given_rows_of_all_kinds();
  const auto from = maintenance()->snapshot();
  const auto other = GetParam().make();
  const std::set<std::string> later = {"review", "setting"};  // of the sixth; all others have the same fields
  {
    auto loader = maintenance_of(*other)->load(4);
    ASSERT_TRUE(loader.ok()) << loader.error().message;
    copy_rows(**from, **loader, later);
    const auto loaded = (*loader)->commit();
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ(loaded->from, 4);
  }
  const auto copy = maintenance_of(*other)->snapshot();
  for (const TableSchema& table : (*from)->tables()) {
    if (later.contains(table.name)) continue;
    EXPECT_EQ(rows_of(**copy, table.name), rows_of(**from, table.name)) << table.name;
  }
}

TEST_P(MaintenanceContract, AVersionThatIsNotKnownIsNotLoaded) {
  driver.reset();
  EXPECT_EQ(maintenance()->load(1000).error().code, ErrorCode::store_newer);
  EXPECT_EQ(maintenance()->load(0).error().code, ErrorCode::store_refused);
}

TEST_P(MaintenanceContract, TheFirstFailureOfAReaderEndsTheReading) {
  commit({inserting(make_job(1)), inserting(make_job(2))});
  const auto snapshot = maintenance()->snapshot();
  int rows = 0;
  for (const TableSchema& table : (*snapshot)->tables()) {
    if (table.name != "job") continue;
    const auto read = (*snapshot)->read(table, [&](RowCells) -> Result<Done> {
      ++rows;
      return {ErrorCode::disk_full, "enough"};
    });
    EXPECT_EQ(read.error().message, "enough");
  }
  EXPECT_EQ(rows, 1);
}

TEST_P(MaintenanceContract, CheckFindsNoDamageInASoundStoreBesideItsWriter) {
  given_rows_of_all_kinds();
  const auto findings = maintenance()->check();
  ASSERT_TRUE(findings.ok()) << findings.error().message;
  for (const StoreFinding& finding : *findings) EXPECT_TRUE(finding.warning) << finding.place << finding.reason;
}

TEST_P(MaintenanceContract, VacuumLeavesEveryRowAndTellsTheBytes) {
  given_rows_of_all_kinds();
  driver.reset();
  const auto jobs = rows_of(**maintenance()->snapshot(), "job");
  const auto space = maintenance()->vacuum();
  ASSERT_TRUE(space.ok()) << space.error().message;
  EXPECT_GT(space->before, 0u);
  EXPECT_GT(space->after, 0u);
  EXPECT_EQ(rows_of(**maintenance()->snapshot(), "job"), jobs);
}

}  // namespace troupe::test
