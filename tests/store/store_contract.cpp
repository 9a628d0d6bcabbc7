// The writing half of the contract: what a commit does, and what it refuses. Removals are in store_removals.cpp;
// store_reads.cpp has the other half.
#include "store/store_contract.hpp"

#include <thread>

namespace troupe::test {

void StoreContract::given_jobs(const std::vector<JobRow>& jobs) {
  std::vector<Change> changes;
  for (const JobRow& job : jobs) changes.push_back(inserting(job));
  expect_committed(std::move(changes), static_cast<ShardId>(jobs.at(0).id.slot() % kShardCount));
}

std::vector<std::uint32_t> StoreContract::numbers_of(const Result<std::vector<JobRow>>& rows) {
  EXPECT_TRUE(rows.ok()) << rows.error().message;
  std::vector<std::uint32_t> numbers;
  if (rows)
    for (const JobRow& row : *rows)
      numbers.push_back(static_cast<std::uint32_t>((row.id.created_at() - time_of(0)).count()));
  return numbers;
}

std::string StoreContract::everything() {
  JobQuery jobs;
  jobs.limit = 500;
  RunQuery runs;
  runs.limit = 500;
  std::string text = text_of(reader().jobs(jobs)) + text_of(reader().runs(runs)) + text_of(reader().journal({})) +
                     text_of(reader().workflows({}, 500)) + text_of(reader().shards());
  for (ShardId shard = 0; shard < kShardCount; ++shard)
    text += text_of(reader().parked(shard, {}, time_of(4'000'000), 500)) + text_of(reader().open_jobs(shard, {}, 500)) +
            text_of(reader().accepted_jobs(shard, 0, 0, 500)) +
            text_of(reader().retained(shard, time_of(4'000'000), 500)) +
            text_of(reader().stubs_of_shard(shard, 0, 0, 500)) + text_of(reader().sweep(shard));
  return text + text_of(reader().answers({}, 500));
}

TEST_P(StoreContract, AJobComesBackExactlyAsItWasWritten) {
  JobRow job = make_job(7, 4095);
  job.client_id = "Zoë's client";
  job.job_id = "order-17";
  job.user_id = "user";
  job.spec = Document(std::string("{ \"a\" : 1.0,\"\\u0000\":\"\0\xFF\" }", 24));
  job.outputs = Document("");
  job.last_seq = (1ULL << 62) + 3;
  job.priority = 10;
  job.updated_at = Timestamp(Millis(-5));
  given_jobs({job});

  EXPECT_EQ(text_of(reader().job(job.id)), text_of(job));
  EXPECT_EQ(text_of(reader().job(make_id<JobId>(8))), "nothing");
}

TEST_P(StoreContract, AnUpdateReplacesWhatChangesAndLeavesTheRest) {
  JobRow job = make_job(1);
  job.outputs = Document("{}");
  given_jobs({job});
  const JobUpdate update = make_update(job, Status::failed);
  Change change;
  change.update = update;
  expect_committed({change});

  job.status = Status::failed;
  job.last_seq = update.last_seq;
  job.head = update.head;
  job.state = update.state;
  job.run_workflow_version = 4;
  job.updated_at = update.updated_at;
  job.outputs = Document();  // absent clears the column
  job.error = update.error;
  EXPECT_EQ(text_of(reader().job(job.id)), text_of(job));
}

TEST_P(StoreContract, EveryKindOfRowComesBack) {
  const JobRow job = make_job(1);
  Change change = inserting(job);
  change.journal = JournalRow{job.id.as<ChainId>(), 1, 2, "{\"a\":1}\n{\"b\":\"\\u0000\"}\n"};
  change.job_key = JobKeyRow{"client", "mine", job.id, make_digest(1)};
  change.idempotency = IdempotencyRow{make_digest(2), make_digest(3), 202, std::string("\0answer", 7), time_of(1)};
  change.results = {make_result(job.run, 4), make_result(job.run, 0)};
  change.results[0].outputs = Document();
  change.results[0].outputs_blob = make_digest(9);
  change.results[0].outputs_bytes = 1ULL << 40;
  change.results[0].task.compensation = true;
  change.results[0].status = Status::failed;
  change.results[0].error = Document("{}");
  change.results[1].log_blob = make_digest(10);
  change.assets = {make_asset(job, 2), make_asset(job, 1)};
  change.reviews = {make_review(job.run, 2, "grace"), make_review(job.run, 1, "ada")};
  change.settings = {make_setting("b", 1), make_setting("a", 2)};
  change.run = RunRow{make_id<RunId>(50), job.id, 2, Document(R"({"prompt":"again"})")};
  change.archive = RunArchive{job.run, job.id, 1, Status::failed, 3, "old state", Document(), Document("{}")};
  change.workflow = WorkflowRow{"poster", 3, make_digest(5), "{\"key\":\"poster\"}", time_of(3), "admin"};
  change.workflow_disabled = {"poster", true};
  expect_committed({change});

  change.journal->transaction = 1;
  EXPECT_EQ(text_of(reader().journal({job.id.as<ChainId>()})), text_of(std::vector{*change.journal}));
  EXPECT_EQ(text_of(reader().idempotency(make_digest(2))), text_of(*change.idempotency));
  EXPECT_EQ(text_of(reader().idempotency(make_digest(3))), "nothing");
  EXPECT_EQ(text_of(reader().jobs_called("mine", "client")), to_string(job.id) + "\n");
  EXPECT_EQ(text_of(reader().results(job.run)), text_of(std::vector{change.results[1], change.results[0]}));
  EXPECT_EQ(text_of(reader().assets_of_run(job.run)), text_of(std::vector{change.assets[1], change.assets[0]}));
  EXPECT_EQ(text_of(reader().asset(change.assets[0].id)), text_of(change.assets[0]));
  EXPECT_EQ(text_of(reader().reviews(job.run)), text_of(std::vector{change.reviews[1], change.reviews[0]}));
  EXPECT_EQ(text_of(reader().settings("schedule")), text_of(std::vector{change.settings[1], change.settings[0]}));
  EXPECT_TRUE(reader().settings("kill_switch")->empty());
  EXPECT_EQ(text_of(reader().run(change.run->id)), text_of(RunRecord{job, change.run->id, 2, change.run->inputs, {}}));
  EXPECT_EQ(text_of(reader().run(job.run)), text_of(RunRecord{job, job.run, 1, {}, change.archive}));
  EXPECT_EQ(text_of(reader().workflow("poster", 0)), text_of(WorkflowSummary{*change.workflow, true}));
}

TEST_P(StoreContract, AReviewersFirstDecisionStands) {
  const JobRow job = make_job(1);
  Change change = inserting(job);
  change.reviews = {make_review(job.run, 1, "ada")};
  ReviewRow other = change.reviews[0];
  other.approved = !other.approved;
  Change later;
  later.reviews = {other, make_review(job.run, 1, "grace")};
  expect_committed({change, later});
  EXPECT_EQ(text_of(reader().reviews(job.run)), text_of(std::vector{change.reviews[0], later.reviews[1]}));
}

TEST_P(StoreContract, TheLastWordOnASettingStands) {
  Change first, second, third;
  first.settings = {make_setting("stays", 1), make_setting("goes", 1)};
  second.settings = {make_setting("stays", 2)};
  second.settings[0].document = Document(R"({"second":true})");
  third.settings = {make_setting("goes", 3), make_setting("never was", 3)};
  for (SettingRow& row : third.settings) row.document = Document();
  expect_committed({first, second});  // in one transaction
  EXPECT_EQ(text_of(reader().settings("schedule")), text_of(std::vector{first.settings[1], second.settings[0]}));
  expect_committed({third});
  EXPECT_EQ(text_of(reader().settings("schedule")), text_of(second.settings));
}

TEST_P(StoreContract, RecordsOfEveryLengthComeBackAsTheyWereWritten) {
  const std::string record = R"({"action":"run.completed","actor":"node","at":"2027-03-05T07:08:09.123Z","details":{}})"
                             "\n";
  std::string many;
  while (many.size() < 2 << 20) many += record;
  std::vector<Change> changes;
  std::vector<std::string> written = {record, "{}\n", record + record, many, record};
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    changes.push_back(journalled(make_job(i + 1), i));
    changes.back().journal->records = written[i];
  }
  expect_committed(changes);
  const auto rows = reader().journal_of_shard(0, 0, 0, 10).value();
  ASSERT_EQ(rows.size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) EXPECT_TRUE(rows[i].records == written[i]) << i;
}

TEST_P(StoreContract, ACommitMovesItsShardsAndNoOther) {
  Commit commit = driver.make_commit({inserting(make_job(1))}, 3);
  commit.shards.push_back({7, driver.shard(7).epoch, 0, make_digest(77), make_id<JobId>(5), 4, make_digest(78)});
  ASSERT_EQ(driver.writer().commit(commit).status, CommitStatus::committed);

  const auto shards = reader().shards().value();
  ASSERT_EQ(shards.size(), kShardCount);
  EXPECT_EQ(text_of(shards[7]),
            text_of(ShardState{7, 1, 1, make_digest(77), make_id<JobId>(5), 4, make_digest(78), "node"}));
  EXPECT_EQ(shards[3].seq, 1u);
  EXPECT_EQ(shards[4].seq, 0u);
}

TEST_P(StoreContract, ACommitOfAnotherEpochOrSeqIsFencedAndWritesNothing) {
  given_jobs({make_job(1)});
  const std::string before = everything();
  for (int fault = 0; fault < 4; ++fault) {
    Commit commit = driver.make_commit({inserting(make_job(2))});
    commit.shards.push_back({5, driver.shard(5).epoch, driver.shard(5).seq, {}, {}, 0, {}});
    ShardAdvance& advance = commit.shards[fault < 2 ? 0 : 1];  // the last shard fences as well as the first
    (fault % 2 == 0 ? advance.epoch : advance.seq) += 1;
    EXPECT_EQ(driver.writer().commit(commit).status, CommitStatus::fenced) << fault;
    EXPECT_EQ(everything(), before) << fault;
  }
}

/// One step of retention in shard 0, which removes a job if it has this seq.
TEST_P(StoreContract, TheBlobsThatRowsNameAreToldPageByPage) {
  const JobRow job = make_job(1);
  Change change = inserting(job);
  change.assets = {make_asset(job, 2), make_asset(job, 1)};
  const RunId run = job.run;
  ResultRow first = make_result(run, 0), none = make_result(run, 1), second = make_result(run, 2);
  first.outputs_blob = make_digest(1);
  second.log_blob = make_digest(2);
  none.outputs_blob = none.log_blob = std::nullopt;
  first.log_blob = second.outputs_blob = std::nullopt;
  change.results = {second, none, first};
  expect_committed({change});

  const auto assets = reader().asset_blobs({}, 10);
  ASSERT_EQ(assets->size(), 2u);
  EXPECT_LT(assets->front().first, assets->back().first);
  EXPECT_EQ(assets->front().second, make_asset(job, 1).sha256);
  EXPECT_EQ(reader().asset_blobs(assets->front().first, 10)->size(), 1u);
  EXPECT_EQ(reader().asset_blobs({}, 1)->size(), 1u);

  const auto results = reader().result_blobs({}, 10);
  ASSERT_EQ(results->size(), 2u);
  EXPECT_EQ(results->front().outputs, make_digest(1));
  EXPECT_EQ(results->front().log, std::nullopt);
  EXPECT_EQ(results->back().log, make_digest(2));
  EXPECT_EQ(reader().result_blobs(results->front().task, 10)->size(), 1u);
  EXPECT_TRUE(reader().result_blobs(results->back().task, 10)->empty());
}

TEST_P(StoreContract, ALongChainIsPagedByWhereItsRowsBegin) {
  const JobRow job = make_job(1);
  given_jobs({job});
  for (std::uint64_t seq : {1, 3, 4}) {
    Change change;
    change.journal = JournalRow{job.id.as<ChainId>(), seq, 1, "{}\n", 0, driver.shard(0).seq + 1, 0};
    expect_committed({change});
  }
  JournalQuery query{job.id.as<ChainId>(), 0, 10, 1};
  const auto rows = reader().journal(query);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->front().first_seq, 3u);
  query.after_first_seq = 4;
  EXPECT_TRUE(reader().journal(query)->empty());
}

TEST_P(StoreContract, AcquiringAShardFencesItsFormerOwner) {
  const auto states = driver.writer().acquire({2, 0}, "other");
  ASSERT_TRUE(states.ok());
  ASSERT_EQ(states->size(), 2u);
  EXPECT_EQ(states->at(0).shard, 2);
  EXPECT_EQ(states->at(0).epoch, driver.shard(2).epoch + 1);
  EXPECT_EQ(states->at(0).owner, "other");

  EXPECT_EQ(driver.commit({inserting(make_job(1))}, 0).status, CommitStatus::fenced);
  EXPECT_EQ(driver.commit({inserting(make_job(1))}, 1).status, CommitStatus::committed);
  EXPECT_FALSE(driver.writer().acquire({kShardCount}, "other").ok());
}

TEST_P(StoreContract, ReleasedShardsHaveNoOwnerUntilTheyAreTakenAgain) {
  const auto owners = [&] {
    const auto shards = driver.reader().shards();
    return shards->at(0).owner + '|' + shards->at(1).owner + '|' + shards->at(2).owner;
  };
  const auto taken = driver.writer().acquire({0, 1, 2}, "first");
  ASSERT_TRUE(taken.ok());
  ASSERT_TRUE(driver.writer().acquire({2}, "second").ok());
  ASSERT_TRUE(driver.writer().release(*taken).ok());
  EXPECT_EQ(owners(), "||second") << "only what is still its own";
  ASSERT_TRUE(driver.writer().acquire({0}, "second").ok());
  EXPECT_EQ(owners(), "second||second");
}

TEST_P(StoreContract, ALogThatComesLateIsAddedOnceToTheRowOfItsAttempt) {
  const JobRow job = make_job(1);
  given_jobs({job});
  Change change;
  change.results = {make_result(job.run, 3, 2)};
  const TaskKey task = change.results[0].task;
  ASSERT_EQ(driver.commit({change}).status, CommitStatus::committed);

  const auto add = [&](const TaskKey& to, const std::string& text) {
    Change late;
    late.logs = {{to, text, {}, text.size()}};
    ASSERT_EQ(driver.commit({late}).status, CommitStatus::committed);
  };
  TaskKey other = task;
  other.epoch = 2;
  add(other, "of another epoch");
  other = task;
  other.attempt = 3;
  add(other, "of an attempt without a row");
  EXPECT_EQ(driver.reader().results(job.run)->at(0).log, "");
  add(task, "what it wrote");
  add(task, "once more");
  const auto rows = driver.reader().results(job.run);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->at(0).log, "what it wrote");
  EXPECT_EQ(rows->at(0).log_bytes, 13u);
  EXPECT_FALSE(rows->at(0).log_blob);
}

TEST_P(StoreContract, ALateLogMayComeWithTheRowItself) {
  const JobRow job = make_job(1);
  given_jobs({job});
  Change change;
  change.results = {make_result(job.run, 0)};
  change.logs = {{change.results[0].task, "", make_digest(9), 70'000}};
  ASSERT_EQ(driver.commit({change}).status, CommitStatus::committed);
  const auto rows = driver.reader().results(job.run);
  EXPECT_EQ(rows->at(0).log_blob, make_digest(9));
  EXPECT_EQ(rows->at(0).log_bytes, 70'000u);
}

TEST_P(StoreContract, AcquireReturnsWhatTheLastCommitWrote) {
  given_jobs({make_job(1)});
  const auto states = driver.writer().acquire({0}, "node");
  EXPECT_EQ(states->at(0).seq, 1u);
  EXPECT_EQ(states->at(0).head, driver.shard(0).head);
}

TEST_P(StoreContract, AnUpdateWithAnotherSeqIsStaleAndWritesNothing) {
  const JobRow first = make_job(1), second = make_job(2), third = make_job(3);
  given_jobs({first, second});
  const std::string before = everything();
  std::vector<Change> changes(4);
  changes[0].update = make_update(first, Status::success);
  changes[1].update = make_update(second, Status::success);
  changes[1].update->expected_seq = 2;
  changes[2] = inserting(third);
  changes[3].update = make_update(make_job(4), Status::success);  // there is no such job

  const CommitReply reply = driver.commit(changes);
  EXPECT_EQ(reply.status, CommitStatus::stale);
  EXPECT_EQ(reply.stale, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(everything(), before);
}

TEST_P(StoreContract, TakenKeysAreAnsweredWithTheWinnersAndNothingIsWritten) {
  Change winner = inserting(make_job(1));
  winner.job_key = JobKeyRow{"client", "mine", winner.insert->id, make_digest(1)};
  winner.idempotency = IdempotencyRow{make_digest(2), make_digest(3), 202, "first", time_of(1)};
  expect_committed({winner});
  const std::string before = everything();

  std::vector<Change> changes = {inserting(make_job(2)), inserting(make_job(3)), inserting(make_job(4)),
                                 inserting(make_job(5))};
  changes[1].job_key = JobKeyRow{"client", "mine", changes[1].insert->id, make_digest(9)};
  changes[2].job_key = JobKeyRow{"other client", "mine", changes[2].insert->id, make_digest(1)};
  changes[3].job_key = JobKeyRow{"client", "a new one", changes[3].insert->id, make_digest(1)};
  changes[3].idempotency = IdempotencyRow{make_digest(2), make_digest(4), 200, "second", time_of(2)};
  const CommitReply reply = driver.commit(changes);

  ASSERT_EQ(reply.status, CommitStatus::duplicates);
  ASSERT_EQ(reply.duplicates.size(), 2u);
  EXPECT_EQ(reply.duplicates[0].change, 1u);
  EXPECT_EQ(text_of(reply.duplicates[0].job_key), text_of(*winner.job_key));
  EXPECT_FALSE(reply.duplicates[0].idempotency);
  EXPECT_EQ(reply.duplicates[1].change, 3u);
  EXPECT_EQ(text_of(reply.duplicates[1].idempotency), text_of(*winner.idempotency));
  EXPECT_FALSE(reply.duplicates[1].job_key);
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(text_of(reader().jobs_called("a new one", {})), "");
}

TEST_P(StoreContract, AKeyThatIsTwiceInACommitIsADuplicateOfItsFirst) {
  std::vector<Change> changes = {inserting(make_job(1)), inserting(make_job(2))};
  for (Change& change : changes) change.job_key = JobKeyRow{"client", "mine", change.insert->id, make_digest(1)};
  const CommitReply reply = driver.commit(changes);

  ASSERT_EQ(reply.status, CommitStatus::duplicates);
  ASSERT_EQ(reply.duplicates.size(), 1u);
  EXPECT_EQ(reply.duplicates[0].change, 1u);
  EXPECT_EQ(reply.duplicates[0].job_key->id, changes[0].insert->id);
  EXPECT_EQ(numbers_of(reader().jobs({})), std::vector<std::uint32_t>{});
}

TEST_P(StoreContract, ARowThatTheDatabaseRefusesCanBeFoundByBisection) {
  given_jobs({make_job(3)});
  std::vector<Change> changes;
  for (std::uint32_t number = 1; number <= 5; ++number) changes.push_back(inserting(make_job(number)));

  std::vector<std::size_t> bad;
  const std::function<void(std::size_t, std::size_t)> bisect = [&](std::size_t from, std::size_t to) {
    const CommitReply reply = driver.commit({changes.begin() + from, changes.begin() + to});
    if (reply.status == CommitStatus::committed) return;
    EXPECT_EQ(reply.status, CommitStatus::refused) << reply.error.message;
    EXPECT_EQ(reply.error.code, ErrorCode::store_refused);
    if (to - from == 1) return bad.push_back(from);
    bisect(from, (from + to) / 2);
    bisect((from + to) / 2, to);
  };
  bisect(0, changes.size());
  EXPECT_EQ(bad, (std::vector<std::size_t>{2}));
  EXPECT_EQ(numbers_of(reader().jobs({})), (std::vector<std::uint32_t>{5, 4, 3, 2, 1}));
}

TEST_P(StoreContract, ARefusedCommitLeavesNothingOfAnyKind) {
  const JobRow job = make_job(1);
  given_jobs({job});
  const std::string before = everything();
  Change change;
  change.update = make_update(job, Status::failed);
  change.journal = JournalRow{job.id.as<ChainId>(), 1, 1, "{}\n"};
  change.job_key = JobKeyRow{"client", "mine", job.id, make_digest(1)};
  change.idempotency = IdempotencyRow{make_digest(2), make_digest(3), 202, "", time_of(1)};
  change.results = {make_result(job.run, 0)};
  change.assets = {make_asset(job, 1)};
  change.workflow = WorkflowRow{"poster", 1, {}, "{}", time_of(1), ""};
  change.workflow_disabled = {"poster", true};
  change.park = time_of(100);
  const CommitReply reply = driver.commit({change, inserting(make_job(1))});

  EXPECT_EQ(reply.status, CommitStatus::refused);
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(text_of(reader().results(job.run)) + text_of(reader().assets_of_run(job.run)) +
                text_of(reader().jobs_called("mine", {})),
            "");
  EXPECT_EQ(text_of(reader().idempotency(make_digest(2))), "nothing");
}

TEST_P(StoreContract, EveryPrimaryKeyThatExistsIsRefused) {
  const JobRow job = make_job(1);
  std::vector<Change> kinds(5);
  kinds[0].journal = JournalRow{job.id.as<ChainId>(), 1, 1, "{}\n"};
  kinds[1].assets = {make_asset(job, 1)};
  kinds[2].run = RunRow{make_id<RunId>(9), job.id, 2};
  kinds[3].archive = RunArchive{job.run, job.id, 1, Status::failed, 1, "", {}, {}};
  kinds[4].workflow = WorkflowRow{"poster", 1, {}, "{}", time_of(1), ""};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_EQ(driver.commit({kinds[i], kinds[i]}).status, CommitStatus::refused) << i;
    EXPECT_EQ(driver.commit({kinds[i]}).status, CommitStatus::committed) << i;
    EXPECT_EQ(driver.commit({kinds[i]}).status, CommitStatus::refused) << i;
  }
}

TEST_P(StoreContract, AnOutcomeIsInsertedOnceAndNeverRewritten) {
  const JobRow job = make_job(1);
  Change first = inserting(job), second;
  first.results = {make_result(job.run, 0)};
  second.results = {make_result(job.run, 0), make_result(job.run, 0, 2), make_result(job.run, 0, 2)};
  second.results[0].worker = "late";
  second.results[0].task.epoch = 1;
  expect_committed({first});
  expect_committed({second});
  EXPECT_EQ(text_of(reader().results(job.run)), text_of(std::vector{first.results[0], second.results[1]}));
}

TEST_P(StoreContract, AWorkflowsSwitchFollowsTheLastWord) {
  Change change;
  change.workflow = WorkflowRow{"poster", 1, {}, "{}", time_of(1), ""};
  change.workflow_disabled = {"poster", true};
  expect_committed({change});
  EXPECT_TRUE(reader().workflow("poster", 1).value()->disabled);

  std::vector<Change> changes(2);
  changes[0].workflow_disabled = {"poster", true};
  changes[1].workflow_disabled = {"poster", false};
  expect_committed(changes);
  EXPECT_FALSE(reader().workflow("poster", 0).value()->disabled);
}

TEST_P(StoreContract, AParkedJobIsDueInItsShardUntilItIsUnparked) {
  const JobRow soon = make_job(1, 18), later = make_job(2, 2), person = make_job(3, 2);  // slots 2 and 18: shard 2
  std::vector<Change> changes = {inserting(later), inserting(soon), inserting(person)};
  changes[0].park = time_of(200);
  changes[1].park = time_of(100);
  changes[2].park = kNever;
  expect_committed(changes, 2);

  EXPECT_EQ(text_of(reader().parked(2, {}, time_of(201), 10)),
            text_of(std::vector<StoreReader::Parked>{{soon.id, time_of(100)}, {later.id, time_of(200)}}));
  EXPECT_EQ(reader().parked(2, {}, time_of(200), 10)->size(), 1u);  // due before, not at
  EXPECT_EQ(reader().parked(2, {}, time_of(201), 1)->size(), 1u);
  EXPECT_EQ(reader().parked(1, {}, time_of(201), 10)->size(), 0u);
  EXPECT_EQ(text_of(reader().parked(2, {soon.id, time_of(100)}, time_of(201), 10)),
            text_of(std::vector<StoreReader::Parked>{{later.id, time_of(200)}}));
  EXPECT_EQ(reader().open_jobs(2, {}, 10)->size(), 0u);

  std::vector<Change> moves(2);
  moves[0].update = make_update(soon, Status::running);
  moves[0].unpark = true;
  moves[1].update = make_update(later, Status::running);
  moves[1].park = time_of(300);  // parked again, until another time
  expect_committed(moves, 2);
  EXPECT_EQ(text_of(reader().parked(2, {}, time_of(900), 10)),
            text_of(std::vector<StoreReader::Parked>{{later.id, time_of(300)}}));
  EXPECT_EQ(numbers_of(reader().open_jobs(2, {}, 10)), (std::vector<std::uint32_t>{1}));

  std::vector<Change> silent(2);  // about parking
  for (std::size_t i : {0, 1}) {
    JobRow moved = i == 0 ? soon : later;
    moved.last_seq = moves[i].update->last_seq;
    silent[i].update = make_update(moved, Status::running);
  }
  expect_committed(silent, 2);
  EXPECT_EQ(reader().parked(2, {}, time_of(900), 10)->size(), 1u);
  EXPECT_EQ(numbers_of(reader().open_jobs(2, {}, 10)), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(reader().job(later.id).value()->last_seq, silent[1].update->last_seq);
}

TEST_P(StoreContract, ParkedJobsThatAreDueAtTheSameTimeComePageByPage) {
  std::vector<Change> changes;
  for (std::uint32_t number = 1; number <= 7; ++number) {
    changes.push_back(inserting(make_job(number, 2)));
    changes.back().park = time_of(number == 7 ? 101 : 100);
  }
  expect_committed(changes, 2);
  std::vector<JobId> found;
  StoreReader::Parked after;
  for (;;) {
    const auto page = reader().parked(2, after, time_of(200), 2);
    ASSERT_TRUE(page.ok());
    if (page->empty()) break;
    for (const auto& row : *page) found.push_back(row.job);
    after = page->back();
  }
  ASSERT_EQ(found.size(), 7u);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end())) << "by job within a time; the seventh is due last";
}

TEST_P(StoreContract, WritersOfOneStoreDoNotDisturbEachOther) {
  auto other = engine->store().writer().value();
  std::vector<Commit> commits;
  for (ShardId shard : {ShardId{1}, ShardId{2}}) {
    std::vector<Change> changes;
    for (std::uint32_t i = 0; i < 50; ++i) changes.push_back(inserting(make_job(shard * 100u + i, shard)));
    commits.push_back(driver.make_commit(std::move(changes), shard));
  }
  CommitReply first, second;
  std::thread beside([&] { second = other->commit(commits[1]); });
  first = driver.writer().commit(commits[0]);
  beside.join();
  EXPECT_EQ(first.status, CommitStatus::committed) << first.error.message;
  EXPECT_EQ(second.status, CommitStatus::committed) << second.error.message;
  JobQuery all;
  all.limit = 500;
  EXPECT_EQ(reader().jobs(all)->size(), 100u);
}

TEST_P(StoreContract, ReadersWaitForEachOtherAndNotForever) {
  given_jobs({make_job(1)});
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 8; ++i)  // over two connections
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) found += reader().job(make_id<JobId>(1)).value().has_value();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, 160);
}

TEST_P(StoreContract, MigratingAgainChangesNothing) {
  given_jobs({make_job(1)});
  const std::string before = everything();
  ASSERT_TRUE(engine->store().migrate().ok());
  EXPECT_EQ(everything(), before);
}

}  // namespace troupe::test
