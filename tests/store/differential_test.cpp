// All three engines are driven with the same random script of commits and must show the same, step by step.
// TROUPE_TEST_SEED replays a script.
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "store/postgres_probe.hpp"
#include "store/store_contract.hpp"
#include "store/temporary_folder.hpp"
#include "store_memory/memory_store.hpp"
#include "store_sqlite/sqlite_store.hpp"

namespace troupe::test {
namespace {

constexpr std::uint32_t kJobs = 120;
constexpr int kCommits = 200;

/// Makes changes and queries. It follows what the store holds, so that it is right often, and is wrong on purpose.
class Script {
 public:
  explicit Script(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return *(values.begin() + below(static_cast<std::uint32_t>(values.size())));
  }
  Status any_status() {
    return one_of({Status::pending, Status::running, Status::success, Status::failed, Status::cancelled});
  }

  JobRow job(std::uint32_t number) {
    JobRow row = make_job(number, static_cast<Slot>(number % 7 * 16 + number % 3));
    row.client_id = "client" + std::to_string(number % 3);
    row.workflow_key = number % 2 == 0 ? "Poster" : "video_clip";
    row.user_id = number % 4 == 0 ? "user" : "";
    row.job_id = number % 5 == 0 ? "Job-" + std::to_string(number) : "";
    return row;
  }

  /// The changes of the next commit. settle() tells whether it succeeded.
  std::vector<Change> changes(ShardId shard) {
    std::vector<Change> list;
    std::set<std::uint32_t> updated;
    const std::uint32_t count = 1 + below(6);
    for (std::uint32_t i = 0; i < count; ++i) list.push_back(change(updated));
    if (chance(20)) list.push_back(sweeping(shard, updated));
    return list;
  }

  void settle(bool committed) { (committed ? settled_ : seqs_) = committed ? seqs_ : settled_; }

  JobQuery job_query() {
    JobQuery query;
    query.limit = 1 + static_cast<int>(below(30));
    if (chance(50)) query.status = any_status();
    if (chance(30)) query.client_id = "client" + std::to_string(below(4));
    if (chance(30)) query.workflow_key = one_of({"Poster", "video_clip", "none"});
    if (chance(20)) query.user_id = one_of({"user", ""});
    if (chance(20)) query.created_after = time_of(below(kJobs));
    if (chance(20)) query.created_before = time_of(below(kJobs));
    if (chance(20)) query.text = one_of({"job-1", "POST", "o_c", "%"});
    if (chance(30)) query.before = make_id<JobId>(below(kJobs), static_cast<Slot>(below(4096)));
    return query;
  }

  RunQuery run_query() {
    RunQuery query;
    query.limit = 1 + static_cast<int>(below(30));
    if (chance(60)) query.status = any_status();
    if (chance(30)) query.client_id = "client" + std::to_string(below(4));
    if (chance(30)) query.workflow_key = "Poster";
    if (chance(20)) query.job = job(below(kJobs)).id;
    if (chance(30)) query.before = make_id<RunId>(below(2 * kJobs));
    return query;
  }

 private:
  Change change(std::set<std::uint32_t>& updated) {
    Change change;
    const std::uint32_t number = below(kJobs);
    JobRow row = job(number);
    std::uint32_t& seq = seqs_[number];
    if (seq == 0 || chance(1)) {
      change.insert = row;
      seq = 1;
      if (!row.job_id.empty() || chance(5))
        change.job_key = JobKeyRow{row.client_id, row.job_id, row.id, make_digest(number)};
    } else if (updated.insert(number).second) {
      row.last_seq = chance(2) ? seq + 1 : seq;
      change.update = make_update(row, any_status());
      seq = static_cast<std::uint32_t>(change.update->last_seq);
      if (has_ended(change.update->status) && change.update->status != Status::success)
        change.notable = NotableRow{change.update->status, row.id};
      if (chance(15)) retry(change, row, number);
    }
    if (change.insert || change.update) {
      if (chance(20))
        change.park = chance(20) ? kNever : time_of(below(2 * kJobs));
      else if (chance(20))
        change.unpark = true;
      change.journal = JournalRow{row.id.as<ChainId>(), seq, 1 + below(3), "{\"n\":" + std::to_string(number) + "}\n"};
      if (chance(30)) change.results = {make_result(row.run, below(3), static_cast<AttemptNumber>(1 + below(2)))};
      if (change.update && chance(20)) change.logs = {late_log(row)};
      if (chance(10)) change.assets = {make_asset(row, below(2000))};
      if (chance(10)) change.reviews = {make_review(row.run, below(3), chance(50) ? "ada" : "grace")};
    }
    if (chance(5))
      change.idempotency = IdempotencyRow{make_digest(below(40)), make_digest(1), 202, "answer", time_of(1)};
    if (chance(5))
      change.workflow =
          WorkflowRow{"flow" + std::to_string(below(6)), 1 + below(20), make_digest(1), "{}", time_of(1), ""};
    if (chance(5)) change.settings = {make_setting("setting" + std::to_string(below(4)), below(9))};
    if (chance(30) && !change.settings.empty()) change.settings[0].document = Document();
    if (chance(5)) change.workflow_disabled = {"flow" + std::to_string(below(6)), chance(50)};
    return change;
  }

  /// Of an attempt that may have a row by now.
  ResultLog late_log(const JobRow& row) {
    TaskKey task = make_result(row.run, below(3), static_cast<AttemptNumber>(1 + below(2))).task;
    task.epoch = chance(20) ? 1 : 0;
    const bool is_large = chance(30);
    return {task, is_large ? "" : "log", is_large ? std::optional(make_digest(below(9))) : std::nullopt, 1 + below(99)};
  }

  Change sweeping(ShardId shard, std::set<std::uint32_t>& updated) {
    Change change;
    change.sweep = std::make_shared<Sweep>();
    Sweep& sweep = *change.sweep;
    sweep.row = {
        shard, below(50), below(5), below(9), below(9), chance(50), {below(9), make_digest(below(9)), 1, {}, {}, 2}};
    for (std::uint32_t i = below(3); i > 0; --i) {
      const std::uint32_t number = below(kJobs);
      std::uint32_t& seq = seqs_[number];
      if (seq == 0 || !updated.insert(number).second) continue;
      const JobRow row = job(number);
      sweep.removals.push_back({row.id, chance(3) ? seq + 1 : seq, row.client_id, row.job_id, {}});
      sweep.removals.back().stubs = {{row.id.as<ChainId>(), 1, {make_digest(1)}, shard, 1 + below(8), stubs_++, 3}};
      seq = 0;
    }
    std::set<std::uint32_t> retained;
    for (std::uint32_t i = below(4); i > 0; --i)
      if (const std::uint32_t number = below(kJobs); !updated.contains(number) && retained.insert(number).second)
        sweep.retained.push_back({job(number).id, chance(30) ? kNever : time_of(below(kJobs))});
    if (chance(30) && stubs_ > 0) sweep.garbage_stubs = {{shard, 1 + below(8), below(stubs_)}};
    if (chance(30)) sweep.garbage_rows = {{shard, 1 + below(8), below(2)}};
    if (chance(30)) sweep.forgotten = {make_digest(below(40)), make_digest(40)};
    return change;
  }

  void retry(Change& change, const JobRow& row, std::uint32_t number) {
    change.update->run = make_id<RunId>(kJobs + runs_++, row.id.slot());
    change.run = RunRow{change.update->run, row.id, 1 + runs_};
    change.archive = RunArchive{row.run, row.id, 1, any_status(), number, "archived", {}, Document("{}")};
  }

  std::mt19937_64 random_;
  std::map<std::uint32_t, std::uint32_t> seqs_, settled_;  ///< last_seq by job: after this commit, and before it
  std::uint32_t runs_ = 0, stubs_ = 0;
};

/// What a reader shows, in words.
class Looking {
 public:
  Looking(StoreReader& reader, const JobQuery& jobs, const RunQuery& runs, std::uint32_t number, ShardId shard)
      : reader_(reader), jobs_(jobs), runs_(runs), number_(number), shard_(shard) {}

  std::string text(const JobRow& job) {
    return "jobs\n" + text_of(reader_.jobs(jobs_)) + "runs\n" + text_of(reader_.runs(runs_)) + "job\n" +
           text_of(reader_.job(job.id)) + "run\n" +
           text_of(reader_.run(make_id<RunId>(kJobs + number_, job.id.slot()))) + text_of(reader_.run(job.run)) +
           "results\n" + text_of(reader_.results(job.run)) + "assets\n" + text_of(reader_.assets_of_run(job.run)) +
           text_of(reader_.asset(make_id<AssetId>(number_, job.id.slot()))) + "reviews\n" +
           text_of(reader_.reviews(job.run)) + "settings\n" + text_of(reader_.settings("schedule")) + "called\n" +
           text_of(reader_.jobs_called(job.job_id, {})) + text_of(reader_.jobs_called(job.job_id, job.client_id)) +
           "journal\n" + text_of(reader_.journal({job.id.as<ChainId>(), number_ % 4})) +
           text_of(reader_.journal_of_shard(shard_, number_ % 8, number_ % 2, 5)) + "before\n" +
           text_of(reader_.journal_of_shard_before(shard_, number_ % 8, number_ % 2, 5)) + "workflows\n" +
           text_of(reader_.workflows({}, 4)) + text_of(reader_.workflow("flow1", number_ % 5)) + "idempotency\n" +
           text_of(reader_.idempotency(make_digest(number_ % 40))) + "shards\n" + text_of(reader_.shards()) + "open\n" +
           text_of(reader_.open_jobs(shard_, {}, 10)) + "parked\n" +
           text_of(reader_.parked(shard_, {}, time_of(number_), 10)) + "retention\n" +
           text_of(reader_.accepted_jobs(shard_, number_ % 8, number_ % 2, 5)) +
           text_of(reader_.retained(shard_, time_of(number_), 5)) +
           text_of(reader_.stubs_of_shard(shard_, number_ % 8, number_ % 2, 5)) + text_of(reader_.sweep(shard_)) +
           text_of(reader_.answers(make_digest(number_ % 40), 5));
  }

 private:
  StoreReader& reader_;
  JobQuery jobs_;
  RunQuery runs_;
  std::uint32_t number_;
  ShardId shard_;
};

TEST(Differential, AllEnginesShowTheSameAfterTheSameScript) {
  const char* given = std::getenv("TROUPE_TEST_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::cout << "seed " << seed << std::endl;
  Script script(seed);
  const TemporaryFolder folder;
  PostgresEngine postgres;
  auto memory = make_memory_store();
  auto sqlite = make_sqlite_store(folder.file("troupe.db"));
  ASSERT_TRUE(sqlite->migrate().ok());
  StoreDriver drivers[] = {StoreDriver(*memory), StoreDriver(*sqlite), StoreDriver(postgres.store())};

  std::map<CommitStatus, int> seen;
  for (int step = 0; step < kCommits; ++step) {
    const ShardId shard = static_cast<ShardId>(script.below(kShardCount));
    const JobId low_water = make_id<JobId>(script.chance(70) ? 0 : script.below(kJobs));
    const bool take_over = script.chance(3), wrong_seq = script.chance(3);
    const auto changes = script.changes(shard);
    const auto jobs = script.job_query();
    const auto runs = script.run_query();
    const std::uint32_t number = script.below(kJobs);
    std::vector<std::string> told;
    for (StoreDriver& driver : drivers) {
      if (take_over) driver.acquire("node" + std::to_string(step));
      driver.set_low_water(shard, low_water);
      Commit commit = driver.make_commit(changes, shard);
      if (wrong_seq) commit.shards[0].epoch += 1;
      const CommitReply reply = driver.writer().commit(commit);
      if (reply.status == CommitStatus::committed) driver.follow(commit);
      if (told.empty()) ++seen[reply.status];
      Looking looking(driver.reader(), jobs, runs, number, shard);
      told.push_back(text_of(reply) + '\n' + looking.text(script.job(number)));
    }
    script.settle(told[0].starts_with("status 0"));
    ASSERT_EQ(told[0], told[1]) << "memory and SQLite differ at step " << step
                                << "; replay with TROUPE_TEST_SEED=" << seed;
    ASSERT_EQ(told[0], told[2]) << "memory and PostgreSQL differ at step " << step
                                << "; replay with TROUPE_TEST_SEED=" << seed;
  }
  EXPECT_GT(seen[CommitStatus::committed], kCommits / 2)
      << "the script must get somewhere; replay with TROUPE_TEST_SEED=" << seed;
}

}  // namespace
}  // namespace troupe::test
