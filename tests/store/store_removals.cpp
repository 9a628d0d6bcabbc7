// The part of the contract that retention needs: a job is removed with all that belongs to it, and leaves its stubs.
#include "store/store_contract.hpp"

namespace troupe::test {

Change removing(const JobRow& job, std::uint64_t expected_seq) {
  Change change;
  change.sweep = std::make_shared<Sweep>();
  change.sweep->removals = {
      {job.id, expected_seq, job.client_id, job.job_id, {{job.id.as<ChainId>(), 1, {make_digest(1)}, 0, 1, 0, 2}}}};
  return change;
}

TEST_P(StoreContract, ARemovalTakesAllThatBelongsToTheJobAndNothingElse) {
  JobRow removed = make_job(1), kept = make_job(2);
  for (JobRow* job : {&removed, &kept}) {
    job->job_id = "order-" + std::to_string(job->id.bytes[5]);
    Change change = journalled(*job, job == &removed ? 0 : 1);
    change.journal->transaction = driver.shard(0).seq + 1;
    change.job_key = JobKeyRow{job->client_id, job->job_id, job->id, {}};
    const RunId second = make_id<RunId>(job == &removed ? 11 : 12);
    change.run = RunRow{second, job->id, 2, {}};
    change.archive = RunArchive{job->run, job->id, 1, Status::failed, 1, "", {}, {}};
    ResultRow later = make_result(second, 0);
    change.results = {make_result(job->run, 0), later};
    change.assets = {make_asset(*job, job == &removed ? 21 : 22)};
    change.reviews = {make_review(job->run, 1, "ada"), make_review(second, 1, "ada")};
    change.notable = NotableRow{Status::failed, job->id};
    change.sweep = std::make_shared<Sweep>();
    change.sweep->retained = {{job->id, time_of(1)}};
    change.park = time_of(50);
    expect_committed({change});
  }
  expect_committed({removing(removed, removed.last_seq)});

  const auto shows = [&](const JobRow& job, std::uint32_t asset, std::uint32_t run) {
    return text_of(reader().job(job.id)) != "nothing" || !reader().jobs_called(job.job_id, {})->empty() ||
           !reader().results(job.run)->empty() || !reader().results(make_id<RunId>(run))->empty() ||
           !reader().reviews(job.run)->empty() || !reader().reviews(make_id<RunId>(run))->empty() ||
           reader().asset(make_id<AssetId>(asset))->has_value() || reader().run(make_id<RunId>(run))->has_value() ||
           reader().run(job.run)->has_value() || !reader().journal({job.id.as<ChainId>(), 0, 10})->empty();
  };
  EXPECT_FALSE(shows(removed, 21, 11));
  EXPECT_EQ(text_of(reader().job(kept.id)), text_of(kept));
  EXPECT_EQ(reader().jobs_called(kept.job_id, {})->size(), 1u);
  EXPECT_EQ(reader().reviews(kept.run)->size() + reader().reviews(make_id<RunId>(12))->size(), 2u);
  EXPECT_EQ(reader().results(kept.run)->size(), 1u);
  EXPECT_EQ(reader().results(make_id<RunId>(12))->size(), 1u);
  EXPECT_TRUE(reader().asset(make_id<AssetId>(22))->has_value());
  EXPECT_TRUE(reader().run(make_id<RunId>(12))->value().archive == std::nullopt);
  EXPECT_TRUE(reader().run(kept.run)->value().archive.has_value());
  EXPECT_EQ(reader().journal({kept.id.as<ChainId>(), 0, 10})->size(), 1u);
  JobQuery failed;
  failed.status = Status::failed;
  EXPECT_EQ(text_of(reader().retained(0, time_of(100), 10)), to_string(kept.id) + '\n');
  EXPECT_EQ(text_of(reader().parked(0, {}, time_of(100), 10)),
            text_of(std::vector<StoreReader::Parked>{{kept.id, time_of(50)}}));
  EXPECT_EQ(reader().stubs_of_shard(0, 0, 0, 10)->size(), 1u);
  EXPECT_EQ(reader().accepted_jobs(0, 0, 0, 10)->size(), 1u);
}

TEST_P(StoreContract, ARemovalOfAJobThatHasMovedIsStaleAndWritesNothing) {
  const JobRow job = make_job(1);
  given_jobs({job, make_job(2)});
  const std::string before = everything();
  Change update;
  update.update = make_update(make_job(2), Status::success);
  const CommitReply reply = driver.commit({update, removing(job, job.last_seq + 1), removing(make_job(3), 1)});
  EXPECT_EQ(reply.status, CommitStatus::stale);
  EXPECT_EQ(reply.stale, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(everything(), before);
}

TEST_P(StoreContract, ASweepReplacesWhatWasSaidBeforeAndDeletesWhatItNames) {
  Change first;
  first.sweep = std::make_shared<Sweep>();
  first.sweep->row = {0, 7, 3, 2, 1, false, {5, make_digest(1), 4, make_digest(2), make_digest(3), 6}};
  first.sweep->retained = {{make_id<JobId>(1), time_of(10)}, {make_id<JobId>(2), time_of(5)}};
  first.idempotency = IdempotencyRow{make_digest(9), make_digest(3), 202, "answer", time_of(1)};
  Change records = journalled(make_job(5), 0);
  expect_committed({records, first});
  expect_committed({removing(make_job(5), 1)});
  Change elsewhere = journalled(make_job(6), 0);
  elsewhere.journal->shard = 1;
  expect_committed({elsewhere}, 1);
  EXPECT_EQ(text_of(reader().answers({}, 10)), text_of(std::pair(make_digest(9), time_of(1))) + '\n');
  EXPECT_TRUE(reader().answers(make_digest(9), 10)->empty());
  EXPECT_EQ(text_of(reader().retained(0, time_of(11), 10)),
            to_string(make_id<JobId>(2)) + '\n' + to_string(make_id<JobId>(1)) + '\n');

  Change second;
  second.sweep = std::make_shared<Sweep>();
  second.sweep->row = {0, 8, 0, 0, 0, true, {}};
  second.sweep->retained = {{make_id<JobId>(1), time_of(4)}, {make_id<JobId>(2), kNever}};
  second.sweep->garbage_stubs = {{0, 1, 0}};
  second.sweep->garbage_rows = {{1, 1, 0}};
  second.sweep->forgotten = {make_digest(9)};
  expect_committed({second});
  EXPECT_EQ(text_of(reader().sweep(0)), text_of(second.sweep->row));
  SweepRow none;
  none.shard = 1;
  EXPECT_EQ(text_of(reader().sweep(1)), text_of(none));
  EXPECT_EQ(text_of(reader().retained(0, time_of(11), 10)), to_string(make_id<JobId>(1)) + '\n');
  EXPECT_TRUE(reader().stubs_of_shard(0, 0, 0, 10)->empty());
  EXPECT_TRUE(reader().journal_of_shard(1, 0, 0, 10)->empty());
  EXPECT_TRUE(reader().answers({}, 10)->empty());
}

}  // namespace troupe::test
