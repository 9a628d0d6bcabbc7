// The reading half of the contract: lists, their filters, order and pages.
#include "store/store_contract.hpp"

namespace troupe::test {
namespace {

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_P(StoreContract, JobsAreListedNewestFirstAndPagedById) {
  given_jobs({make_job(1), make_job(2), make_job(3), make_job(4)});
  JobQuery query;
  query.limit = 2;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{4, 3}));
  query.before = make_id<JobId>(3);
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{2, 1}));
  query.before = make_id<JobId>(1);
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{}));
}

TEST_P(StoreContract, JobsAreFilteredByWhatNeverChanges) {
  std::vector<JobRow> jobs;
  for (std::uint32_t number = 1; number <= 6; ++number) jobs.push_back(make_job(number));
  jobs[0].client_id = jobs[1].client_id = "acme";
  jobs[1].workflow_key = jobs[2].workflow_key = "Video_Clip";
  jobs[3].user_id = "mia";
  jobs[4].job_id = "Order-100%";
  jobs[5].job_id = "order-1000";
  given_jobs(jobs);

  const auto numbers = [&](const std::function<void(JobQuery&)>& demand) {
    JobQuery query;
    demand(query);
    return numbers_of(reader().jobs(query));
  };
  EXPECT_EQ(numbers([](JobQuery& q) { q.client_id = "acme"; }), (Numbers{2, 1}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.client_id = "Acme"; }), (Numbers{}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.workflow_key = "Video_Clip"; }), (Numbers{3, 2}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.client_id = "acme", q.workflow_key = "Video_Clip"; }), (Numbers{2}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.user_id = "mia"; }), (Numbers{4}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.user_id = ""; }), (Numbers{6, 5, 3, 2, 1}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.created_after = time_of(4); }), (Numbers{6, 5}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.created_before = time_of(2); }), (Numbers{1}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.created_after = time_of(1), q.created_before = time_of(4); }), (Numbers{3, 2}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.text = "ORDER"; }), (Numbers{6, 5}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.text = "100%"; }), (Numbers{5}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.text = "o_c"; }), (Numbers{3, 2}));
  EXPECT_EQ(numbers([](JobQuery& q) { q.text = "!"; }), (Numbers{}));
}

TEST_P(StoreContract, FilteringByCreationIsExactWhereAnIdIsNot) {
  JobRow job = make_job(1);
  job.created_at = time_of(0) - Millis(40'000);  // the host's clock was put right between the two
  given_jobs({job});
  JobQuery query;
  query.created_before = time_of(0) - Millis(39'999);
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{1}));
  query.created_before = job.created_at;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{}));
}

TEST_P(StoreContract, EndedJobsAreFoundByHowTheyEnded) {
  std::vector<JobRow> jobs;
  for (std::uint32_t number = 1; number <= 5; ++number) jobs.push_back(make_job(number));
  jobs[1].client_id = "acme";
  given_jobs(jobs);
  update(jobs[0], Status::failed);
  update(jobs[1], Status::failed);
  update(jobs[2], Status::cancelled);
  update(jobs[3], Status::success);

  JobQuery query;
  query.status = Status::failed;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{2, 1}));
  query.before = make_id<JobId>(2);
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{1}));
  query.before = {};
  query.client_id = "acme";
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{2}));
  query.client_id = {};
  query.status = Status::cancelled;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{3}));
  query.status = Status::success;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{4}));
}

TEST_P(StoreContract, AFailedJobThatWasRetriedIsNoLongerListedAsFailed) {
  JobRow job = make_job(1);
  given_jobs({job});
  update(job, Status::failed);
  job.last_seq += 2;
  update(job, Status::running);
  JobQuery query;
  query.status = Status::failed;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{}));
  job.last_seq += 2;
  update(job, Status::failed);  // its notable row is there already
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{1}));
}

TEST_P(StoreContract, OpenJobsAreListedFromTheLowestLowWaterOnAndTheParkedBelowIt) {
  std::vector<Change> changes;
  for (std::uint32_t number = 1; number <= 5; ++number) changes.push_back(inserting(make_job(number)));
  changes[0].park = time_of(99);
  for (ShardId shard = 0; shard < 6; ++shard) {  // the others have never been written to
    driver.set_low_water(shard, make_id<JobId>(4));
    expect_committed(shard == 0 ? changes : std::vector<Change>(), shard);
  }
  JobQuery query;
  query.status = Status::pending;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{5, 4, 1}));
  query.limit = 2;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{5, 4}));
  query.status = Status::running;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{}));

  driver.set_low_water(6, make_id<JobId>(2));  // one shard is behind
  expect_committed({}, 6);
  query.status = Status::pending;
  query.limit = 50;
  EXPECT_EQ(numbers_of(reader().jobs(query)), (Numbers{5, 4, 3, 2, 1}));
}

TEST_P(StoreContract, OpenJobsOfAShardComeOldestFirst) {
  const JobRow ended = make_job(2, 3);
  given_jobs({make_job(1, 3), ended, make_job(3, 19), make_job(4, 3)});
  given_jobs({make_job(5, 4)});
  update(ended, Status::success);

  EXPECT_EQ(numbers_of(reader().open_jobs(3, {}, 10)), (Numbers{1, 3, 4}));
  EXPECT_EQ(numbers_of(reader().open_jobs(3, {}, 2)), (Numbers{1, 3}));
  EXPECT_EQ(numbers_of(reader().open_jobs(3, make_id<JobId>(3, 19), 10)), (Numbers{4}));
  EXPECT_EQ(numbers_of(reader().open_jobs(4, {}, 10)), (Numbers{5}));
  driver.set_low_water(3, make_id<JobId>(4));
  expect_committed({}, 3);
  EXPECT_EQ(numbers_of(reader().open_jobs(3, {}, 10)), (Numbers{4}));
}

TEST_P(StoreContract, JobsAreFoundByTheirClientsName) {
  std::vector<Change> changes = {inserting(make_job(1)), inserting(make_job(2)), inserting(make_job(3))};
  const std::array clients = {"b", "a", "c"};
  for (std::size_t i = 0; i < 3; ++i) changes[i].job_key = JobKeyRow{clients[i], "mine", changes[i].insert->id, {}};
  expect_committed(changes);
  EXPECT_EQ(reader().jobs_called("mine", "b").value(), std::vector{make_id<JobId>(1)});
  EXPECT_EQ(reader().jobs_called("mine", "d")->size(), 0u);
  EXPECT_EQ(reader().jobs_called("mine", {})->size(), 2u);  // enough to see ambiguity
  EXPECT_EQ(reader().jobs_called("Mine", {})->size(), 0u);
}

TEST_P(StoreContract, RunsTellTheirOwnStatusAndComeNewestFirst) {
  JobRow retried = make_job(1);
  const JobRow other = make_job(2);
  given_jobs({retried, other});
  update(retried, Status::failed);
  update(other, Status::cancelled);
  Change retry;
  retried.last_seq += 2;
  retry.update = make_update(retried, Status::running);
  retry.update->run = make_id<RunId>(3);
  retry.run = RunRow{make_id<RunId>(3), retried.id, 2};
  retry.archive = RunArchive{retried.run, retried.id, 1, Status::failed, 3, "", {}, Document("{}")};
  expect_committed({retry});

  const auto runs = [&](const std::function<void(RunQuery&)>& demand) {
    RunQuery query;
    demand(query);
    std::string text;
    const std::vector<RunRecord> records = reader().runs(query).value();
    for (const RunRecord& record : records)
      text += std::to_string((record.run.created_at() - time_of(0)).count()) + "#" + std::to_string(record.number) +
              (record.archive ? "a " : " ");
    return text;
  };
  EXPECT_EQ(runs([](RunQuery&) {}), "3#2 2#1 1#1a ");
  EXPECT_EQ(runs([](RunQuery& q) { q.limit = 2; }), "3#2 2#1 ");
  EXPECT_EQ(runs([](RunQuery& q) { q.before = make_id<RunId>(3); }), "2#1 1#1a ");
  EXPECT_EQ(runs([&](RunQuery& q) { q.job = retried.id; }), "3#2 1#1a ");
  EXPECT_EQ(runs([](RunQuery& q) { q.status = Status::failed; }), "1#1a ");
  EXPECT_EQ(runs([](RunQuery& q) { q.status = Status::running; }), "3#2 ");
  EXPECT_EQ(runs([](RunQuery& q) { q.status = Status::cancelled; }), "2#1 ");
  EXPECT_EQ(runs([](RunQuery& q) { q.status = Status::success; }), "");
  EXPECT_EQ(runs([](RunQuery& q) { q.client_id = "client"; }), "3#2 2#1 1#1a ");
  EXPECT_EQ(runs([](RunQuery& q) { q.workflow_key = "video"; }), "");
  EXPECT_EQ(text_of(reader().run(make_id<RunId>(9))), "nothing");
}

TEST_P(StoreContract, JournalRowsAreReadByChainAndByShard) {
  const ChainId first = make_id<ChainId>(1), second = make_id<ChainId>(2);
  const auto rows = [](std::vector<JournalRow> list) {
    std::vector<Change> changes(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) changes[i].journal = std::move(list[i]);
    return changes;
  };
  expect_committed(rows({{second, 1, 1, "s1\n"}, {first, 1, 3, "f1\nf2\nf3\n"}}));
  expect_committed(rows({{shard_chain(5), 1, 1, "own\n"}}), 5);
  expect_committed(rows({{first, 4, 1, "f4\n"}}));

  const auto records = [](const Result<std::vector<JournalRow>>& found) {
    std::string text;
    for (const JournalRow& row : found.value()) text += row.records;
    return text;
  };
  EXPECT_EQ(records(reader().journal({first})), "f1\nf2\nf3\nf4\n");
  EXPECT_EQ(records(reader().journal({first, 3})), "f1\nf2\nf3\nf4\n");
  EXPECT_EQ(records(reader().journal({first, 4})), "f4\n");
  EXPECT_EQ(records(reader().journal({first, 0, 1})), "f1\nf2\nf3\n");
  EXPECT_EQ(records(reader().journal({})), "own\nf1\nf2\nf3\nf4\ns1\n");
  EXPECT_EQ(records(reader().journal_of_shard(0, 0, 0, 10)), "s1\nf1\nf2\nf3\nf4\n");
  EXPECT_EQ(records(reader().journal_of_shard(5, 0, 0, 10)), "own\n");
  EXPECT_EQ(records(reader().journal_of_shard(0, 1, 0, 10)), "f1\nf2\nf3\nf4\n");
  EXPECT_EQ(records(reader().journal_of_shard(0, 1, 1, 10)), "f4\n");
  EXPECT_EQ(records(reader().journal_of_shard(0, 1, 0, 1)), "f1\nf2\nf3\n");
  EXPECT_EQ(records(reader().journal_of_shard_before(0, INT64_MAX, 0, 10)), "f4\nf1\nf2\nf3\ns1\n");
  EXPECT_EQ(records(reader().journal_of_shard_before(0, INT64_MAX, 0, 1)), "f4\n");
  EXPECT_EQ(records(reader().journal_of_shard_before(0, 1, 1, 10)), "s1\n");
  EXPECT_EQ(records(reader().journal_of_shard_before(0, 1, 0, 10)), "");
}

TEST_P(StoreContract, WorkflowsAreListedByKeyEachAtItsNewestVersion) {
  std::vector<Change> changes(4);
  changes[0].workflow = WorkflowRow{"b", 1, make_digest(1), "{}", time_of(1), "mia"};
  changes[1].workflow = WorkflowRow{"b", 10, make_digest(2), "{}", time_of(2), "mia"};
  changes[2].workflow = WorkflowRow{"a", 2, make_digest(3), "{}", time_of(3), ""};
  changes[3].workflow = WorkflowRow{"C", 1, make_digest(4), "{}", time_of(4), ""};
  changes[3].workflow_disabled = {"C", true};
  expect_committed(changes);

  const auto list = [&](const std::optional<std::string>& after, int limit) {
    std::string text;
    const std::vector<WorkflowSummary> summaries = reader().workflows(after, limit).value();
    for (const WorkflowSummary& summary : summaries)
      text += summary.newest.key + std::to_string(summary.newest.version) + (summary.disabled ? "- " : " ");
    return text;
  };
  EXPECT_EQ(list({}, 10), "C1- a2 b10 ");
  EXPECT_EQ(list("C", 1), "a2 ");
  EXPECT_EQ(list("b", 10), "");
  EXPECT_EQ(reader().workflow("b", 0).value()->newest.version, 10u);
  EXPECT_EQ(text_of(reader().workflow("b", 1)), text_of(WorkflowSummary{*changes[0].workflow, false}));
  EXPECT_EQ(text_of(reader().workflow("b", 2)), "nothing");
  EXPECT_EQ(text_of(reader().workflow("aa", 0)), "nothing");
}

TEST_P(StoreContract, APingIsAnswered) { EXPECT_TRUE(reader().ping().ok()); }

}  // namespace troupe::test
